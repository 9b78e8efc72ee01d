/* Paths as text: roots of each kind, names, endings, joining, cleaning. */
#include "support/func_harness.h"

TestSuite(func_path, .init = func_setup, .fini = func_teardown);

Test(func_path, names) {
  IS(frt_path_name(cx, X("a/b.csv")), "b.csv");
  IS(frt_path_name(cx, X("a/b//")), "b");
  IS(frt_path_name(cx, X("/")), "");
  IS(frt_path_name(cx, X("")), "");
  IS(frt_path_name(cx, X("a\\b")), "a\\b");
  IS(frt_path_name(cx, X("C:\\a\\b.csv")), "b.csv");
  IS(frt_path_name(cx, X("\\\\s\\d\\x/y")), "y");
  IS(frt_path_stem(cx, X("a/.b")), ".b");
  IS(frt_path_stem(cx, X("a/..")), ".");
  IS(frt_path_ext(cx, X("a.b/c")), "");
  IS(frt_path_ext(cx, X("c.")), "");
  IS(frt_path_ext(cx, X("c.gz/")), "gz");
}

Test(func_path, folders_and_roots) {
  IS(frt_path_folder(cx, X("a//b")), "a");
  IS(frt_path_folder(cx, X("/a")), "/");
  IS(frt_path_folder(cx, X("C:\\a")), "C:\\");
  IS(frt_path_folder(cx, X("")), ".");
  IS(frt_path_root(cx, X("C:")), "");
  IS(frt_path_root(cx, X("c:/x")), "c:/");
  IS(frt_path_root(cx, X("\\\\")), "\\\\");
  IS(frt_path_root(cx, X("\\\\s")), "\\\\s");
  IS(frt_path_root(cx, X("\\\\s\\d\\x")), "\\\\s\\d\\");
}

Test(func_path, join_and_clean) {
  IS(OK(FrtStr, frt_path_join(cx, out, S("a"), S("b"))), "a/b");
  IS(OK(FrtStr, frt_path_join(cx, out, S(""), S("b"))), "b");
  IS(OK(FrtStr, frt_path_join(cx, out, S("C:\\a"), S("b"))), "C:\\a\\b");
  IS(OK(FrtStr, frt_path_join(cx, out, S("C:\\a"), S("\\b"))), "\\b");
  IS(OK(FrtStr, frt_path_join(cx, out, S("a"), S("D:\\b"))), "D:\\b");
  IS(frt_path_clean(cx, X("")), ".");
  IS(frt_path_clean(cx, X("a/..")), ".");
  IS(frt_path_clean(cx, X("../../a")), "../../a");
  IS(frt_path_clean(cx, X("/..//..")), "/");
  IS(frt_path_clean(cx, X("C:\\a\\..\\..\\b/c")), "C:\\b\\c");
  IS(frt_path_clean(cx, X("\\\\s\\d\\..\\x")), "\\\\s\\d\\x");
  IS(frt_path_clean(cx, X("a/b/../../..")), "..");
}
