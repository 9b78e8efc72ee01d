/* Checksums against known answers, encodings, ids, masks, the environment. */
#include <xxhash.h>

#include "support/func_harness.h"
#include "text/xxh3.h"

TestSuite(func_hash, .init = func_setup, .fini = func_teardown);

Test(func_hash, md5) {
  IS(frt_md5(cx, X("")), "d41d8cd98f00b204e9800998ecf8427e");
  IS(frt_md5(cx, X("abc")), "900150983cd24fb0d6963f7d28e17f72");
  IS(frt_md5(cx, X("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
  IS(frt_md5(cx,
             X("12345678901234567890123456789012345678901234567890123456789012345678901234567890")),
     "57edf4a22be3c955ac49da2e2107b67a");
  IS(frt_md5(cx, OK(FrtStr, frt_repeat(cx, out, S("a"), 55))), "ef1772b6dff9a122358552954ad0df65");
  IS(frt_md5(cx, OK(FrtStr, frt_repeat(cx, out, S("a"), 56))), "3b0c8ac703f828b04c6c197006d17218");
  IS(frt_md5(cx, OK(FrtStr, frt_repeat(cx, out, S("a"), 64))), "014842d480b571495a4a0363793f7367");
}

Test(func_hash, sha256) {
  IS(frt_sha256(cx, X("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  IS(frt_sha256(cx, X("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  IS(frt_sha256(cx, X("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  IS(frt_sha256(cx, OK(FrtStr, frt_repeat(cx, out, S("a"), 1000000))),
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

Test(func_hash, xxh3_equals_the_library) {
  cr_expect_eq(frt_xxh3(cx, X("")), 3244421341483603138u);
  char data[2100];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (char)(i * 31 + i / 7);
  for (uint32_t n = 0; n <= sizeof data; n++) {
    cr_expect_eq(frt_xxh3(cx, (FrtStr){data, n, 0}), XXH3_64bits(data, n), "%u bytes", n);
  }
}

Test(func_hash, xxh3_in_pieces_equals_the_library) {
  static char data[9000];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (char)(i * 37 + i / 5);
  for (size_t n = 0; n <= sizeof data; n += n < 2200 ? 1 : 97) {
    for (size_t piece = 1; piece < 5000; piece = piece * 3 + n % 5) {
      FrtXxh3 x;
      frt_xxh3_start(&x);
      for (size_t at = 0; at < n; at += piece) frt_xxh3_add(&x, data + at, n - at < piece ? n - at : piece);
      cr_expect_eq(frt_xxh3_sum(&x), XXH3_64bits(data, n), "%zu bytes by %zu", n, piece);
    }
  }
}

Test(func_hash, masks) {
  IS(frt_mask_hash(cx, X("abc")), "ba7816bf8f01cfea");
  IS(frt_mask_redact(cx, X("abc")), "***");
  IS(frt_mask_partial(cx, X("ann@example.org")), "a***g");
  IS(frt_mask_partial(cx, X("ann")), "a***");
  IS(frt_mask_partial(cx, X("éàüéàü")), "é***ü");
  IS(frt_mask_partial(cx, X("")), "***");
  IS(frt_mask_partial(cx, X("xy")), "***");
}

Test(func_hash, uuid_is_version_4) {
  FrtUuid a = frt_uuid_random(cx), b = frt_uuid_random(cx);
  cr_expect(a.hi != b.hi || a.lo != b.lo);
  cr_expect_eq(a.hi >> 12 & 15, 4u);
  cr_expect_eq(a.lo >> 62, 2u);
}

Test(func_hash, environment) {
  setenv("FUNC_TEST", "x y", 1);
  setenv("FUNC_EMPTY", "", 1);
  setenv("FUNC_BAD", "\xff", 1);
  IS(OK(FrtStr, frt_env(cx, out, X("FUNC_TEST"))), "x y");
  IS(OK(FrtStr, frt_env(cx, out, X("FUNC_EMPTY"))), "");
  cr_expect_eq(STATUS(FrtStr, frt_env(cx, out, X("FUNC_NONE"))), FRT_NULL);
  cr_expect_eq(STATUS(FrtStr, frt_env(cx, out, X(""))), FRT_NULL);
  cr_expect_eq(STATUS(FrtStr, frt_env(cx, out, X("FUNC_BAD"))), FRT_E_UTF8);
  IS(OK(FrtStr, frt_env_or(cx, out, X("FUNC_NONE"), X("d"))), "d");
  IS(OK(FrtStr, frt_env_or(cx, out, X("FUNC_EMPTY"), X("d"))), "");
}

Test(func_hash, hex) {
  IS(OK(FrtStr, frt_hex(cx, out, X("flow\xc3"))), "666c6f77c3");
  IS(OK(FrtStr, frt_unhex(cx, out, X("666C6f77"))), "flow");
  IS(frt_hex_u64(cx, 0), "0");
  IS(frt_hex_u64(cx, UINT64_MAX), "ffffffffffffffff");
  cr_expect_eq(STATUS(FrtStr, frt_unhex(cx, out, X("6"))), FRT_E_ARGUMENT);
  cr_expect_eq(STATUS(FrtStr, frt_unhex(cx, out, X("6g"))), FRT_E_ARGUMENT);
}

Test(func_hash, base64) {
  const char *const pairs[][2] = {{"", ""},
                                  {"f", "Zg=="},
                                  {"fo", "Zm8="},
                                  {"foo", "Zm9v"},
                                  {"foob", "Zm9vYg=="},
                                  {"fooba", "Zm9vYmE="},
                                  {"foobar", "Zm9vYmFy"},
                                  {"\xff\xfe\xfd", "//79"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    IS(OK(FrtStr, frt_base64(cx, out, X(pairs[i][0]))), pairs[i][1]);
    IS(OK(FrtStr, frt_unbase64(cx, out, X(pairs[i][1]))), pairs[i][0]);
  }
  IS(OK(FrtStr, frt_unbase64(cx, out, X("__79"))), "\xff\xfe\xfd");
  IS(OK(FrtStr, frt_unbase64(cx, out, X("Zm8"))), "fo");
  const char *const bad[] = {"Z", "Zg=", "=", "====", "Zh==", "Zm9=", "Z g=", "Zg==Zg=="};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cr_expect_eq(STATUS(FrtStr, frt_unbase64(cx, out, X(bad[i]))), FRT_E_ARGUMENT, "%s", bad[i]);
  }
}

Test(func_hash, urls) {
  IS(OK(FrtStr, frt_url_encode(cx, out, X("a b/é~"))), "a%20b%2F%C3%A9~");
  IS(OK(FrtStr, frt_url_encode(cx, out, X(""))), "");
  IS(OK(FrtStr, frt_url_decode(cx, out, X("a%20b%2f%C3%A9+"))), "a b/é+");
  cr_expect_eq(STATUS(FrtStr, frt_url_decode(cx, out, X("%2"))), FRT_E_ARGUMENT);
  cr_expect_eq(STATUS(FrtStr, frt_url_decode(cx, out, X("%"))), FRT_E_ARGUMENT);
  cr_expect_eq(STATUS(FrtStr, frt_url_decode(cx, out, X("%zz"))), FRT_E_ARGUMENT);
  cr_expect_eq(STATUS(FrtStr, frt_url_decode(cx, out, X("%ff"))), FRT_E_UTF8);
}
