/* Ranges of versions of plugins. */
#include <criterion/criterion.h>

#include "plugin/plugin.h"

static void fits(const char *version, const char *range, int want) {
  int got = plugin_version_fits(version, range);
  cr_expect(got == want, "%s in `%s`: %d, not %d", version, range, got, want);
}

Test(plugin_version, comparisons) {
  fits("1.2.3", ">=1.2", 1);
  fits("1.2.3", ">=1.2.4", 0);
  fits("1.2.3", ">1.2.3", 0);
  fits("1.2.3", "<=1.2.3", 1);
  fits("1.2.3", "<1.3", 1);
  fits("1.10.0", ">1.9", 1);
  fits("1.2.3", "=1.2.3", 1);
  fits("1.2.3", "1.2", 1);
  fits("1.3.0", "1.2", 0);
  fits("1.2.3", "1", 1);
  fits("1.2.3", "*", 1);
}

Test(plugin_version, carets_and_tildes) {
  fits("1.9.0", "^1.2", 1);
  fits("2.0.0", "^1.2", 0);
  fits("1.1.9", "^1.2", 0);
  fits("0.2.5", "^0.2.3", 1);
  fits("0.3.0", "^0.2.3", 0);
  fits("0.0.4", "^0.0.3", 0);
  fits("1.2.9", "~1.2.3", 1);
  fits("1.3.0", "~1.2.3", 0);
  fits("1.9.0", "~1", 1);
}

Test(plugin_version, several_terms) {
  fits("1.5.0", ">=1.2 <2", 1);
  fits("2.0.0", ">=1.2 <2", 0);
  fits("1.5.0", "  >= 1.2   < 2 ", 1);
  fits("1.5.0-rc.1", "^1.5", 1);
}

Test(plugin_version, malformed) {
  fits("1.2.3", "", -1);
  fits("1.2.3", "x", -1);
  fits("1.2.3", ">=", -1);
  fits("1.2.3", "=>1", -1);
  fits("1.2.3", ">>1", -1);
  fits("1.2.3", "1.2.3.4", -1);
  fits("one", "*", -1);
  fits("1.2.3", "99999999999999999999", -1);
}
