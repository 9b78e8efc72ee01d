/* libm.h: <math.h>, for files that call functions of the mathematical library.
 *
 * FRT_FIND_LIBM (set in a bundle, so that `cc FILE` links without -lm): such a function is looked for in the process, then in
 * the system's libm, when it is called for the first time. A program without one says so and ends. */
#ifndef FRT_BASE_LIBM_H
#define FRT_BASE_LIBM_H

#include <math.h>

#ifdef FRT_FIND_LIBM
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

static inline void *libm_find(void **kept, const char *name) {
  void *f = __atomic_load_n(kept, __ATOMIC_RELAXED);
  if (f) return f;
  f = dlsym(RTLD_DEFAULT, name);
  void *library = f ? NULL : dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
  if (library) f = dlsym(library, name);
  if (!f) {
    fprintf(stderr, "error: there is no function `%s` in this program: build it with -DFRT_WITH_LIBM and -lm\n", name);
    _exit(2);
  }
  __atomic_store_n(kept, f, __ATOMIC_RELAXED);
  return f;
}

#define LIBM_ONE(name) \
  static inline double libm_##name(double x) { \
    static void *kept; \
    return ((double (*)(double))libm_find(&kept, #name))(x); \
  }
#define LIBM_TWO(name) \
  static inline double libm_##name(double x, double y) { \
    static void *kept; \
    return ((double (*)(double, double))libm_find(&kept, #name))(x, y); \
  }
LIBM_ONE(floor) LIBM_ONE(ceil) LIBM_ONE(trunc) LIBM_ONE(rint) LIBM_ONE(sqrt) LIBM_ONE(cbrt) LIBM_ONE(exp)
LIBM_ONE(log) LIBM_ONE(log2) LIBM_ONE(log10) LIBM_ONE(sin) LIBM_ONE(cos) LIBM_ONE(tan) LIBM_ONE(asin)
LIBM_ONE(acos) LIBM_ONE(atan) LIBM_TWO(atan2) LIBM_TWO(pow) LIBM_TWO(hypot) LIBM_TWO(fmod)
#undef LIBM_ONE
#undef LIBM_TWO

static inline double libm_fma(double x, double y, double z) {
  static void *kept;
  return ((double (*)(double, double, double))libm_find(&kept, "fma"))(x, y, z);
}

#define floor(x) libm_floor(x)
#define ceil(x) libm_ceil(x)
#define trunc(x) libm_trunc(x)
#define rint(x) libm_rint(x)
#define sqrt(x) libm_sqrt(x)
#define cbrt(x) libm_cbrt(x)
#define exp(x) libm_exp(x)
#define log(x) libm_log(x)
#define log2(x) libm_log2(x)
#define log10(x) libm_log10(x)
#define sin(x) libm_sin(x)
#define cos(x) libm_cos(x)
#define tan(x) libm_tan(x)
#define asin(x) libm_asin(x)
#define acos(x) libm_acos(x)
#define atan(x) libm_atan(x)
#define atan2(x, y) libm_atan2(x, y)
#define pow(x, y) libm_pow(x, y)
#define hypot(x, y) libm_hypot(x, y)
#define fmod(x, y) libm_fmod(x, y)
#define fma(x, y, z) libm_fma(x, y, z)
#endif

#endif
