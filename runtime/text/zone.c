/* zone.c: time zones out of TZif files (RFC 8536, version 2 and later).
 *
 * A zone is its table of transitions and the POSIX TZ rule of its footer, which says what happens
 * after the table's end. A local time is turned into UTC by trying the offsets in force around it:
 * those that lead back to the same local time are its instants. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "text/civil.h"
#include "text/text.h"
#include "text/zone.h"

enum { ZONE_NAME_MAX = 63, ZONE_FILE_MAX = 1 << 18, ZONE_HEADER = 44, ZONE_ABBREV_MAX = 15 };

/* A day of the year on which the clock changes: `kind` M (month, week, weekday), J (1..365, no
 * leap day) or 0 (0..365), and the local second of that day. */
typedef struct FrtZoneRule {
  char kind;
  int32_t month, week, day, second;
} FrtZoneRule;

struct FrtZone {
  FrtZone *next;
  char name[ZONE_NAME_MAX + 1];
  uint32_t len, type_len, abbrev_len;   /* transitions, types, bytes of abbreviations */
  const int64_t *at;                    /* UTC seconds of each transition */
  const uint8_t *type;                  /* the type from then on */
  const int32_t *offset;                /* of each type, seconds east */
  const uint8_t *abbrev_at;             /* of each type, index into abbrevs */
  const char *abbrevs;
  int rule;                             /* 0: none, 1: one offset, 2: two with the rules below */
  int32_t rule_offset[2];               /* standard time, summer time */
  char rule_abbrev[2][ZONE_ABBREV_MAX + 1];
  FrtZoneRule from, to;                 /* start and end of summer time */
};

static FrtZone *zone_list;
static pthread_mutex_t zone_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- the footer's rule ---------------------------------------------------------------------- */

static int zone_parse_number(const char **pp, int32_t max, int32_t *out) {
  const char *p = *pp;
  int32_t v = 0;
  if (*p < '0' || *p > '9') return 0;
  for (; *p >= '0' && *p <= '9'; p++) {
    v = v * 10 + (*p - '0');
    if (v > max) return 0;
  }
  *pp = p;
  *out = v;
  return 1;
}

/* [+-]h[h][:mm[:ss]] in seconds. */
static int zone_parse_clock(const char **pp, int32_t *out) {
  int sign = **pp == '-' ? -1 : 1;
  int32_t h, m = 0, s = 0;
  if (**pp == '-' || **pp == '+') ++*pp;
  if (!zone_parse_number(pp, 167, &h)) return 0;
  if (**pp == ':') {
    ++*pp;
    if (!zone_parse_number(pp, 59, &m)) return 0;
    if (**pp == ':') {
      ++*pp;
      if (!zone_parse_number(pp, 59, &s)) return 0;
    }
  }
  *out = sign * (h * 3600 + m * 60 + s);
  return 1;
}

static int zone_parse_abbrev(const char **pp, char *out) {
  const char *p = *pp, *start;
  int quoted = *p == '<';
  if (quoted) p++;
  start = p;
  while (quoted ? *p && *p != '>' : (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z')) p++;
  size_t n = (size_t)(p - start);
  if (n == 0 || n > ZONE_ABBREV_MAX || (quoted && *p != '>')) return 0;
  memcpy(out, start, n);
  out[n] = 0;
  *pp = p + quoted;
  return 1;
}

static int zone_parse_rule(const char **pp, FrtZoneRule *r) {
  *r = (FrtZoneRule){.second = 7200};
  if (**pp != ',') return 0;
  ++*pp;
  if (**pp == 'M') {
    r->kind = 'M';
    ++*pp;
    if (!zone_parse_number(pp, 12, &r->month) || r->month == 0 || **pp != '.') return 0;
    ++*pp;
    if (!zone_parse_number(pp, 5, &r->week) || r->week == 0 || **pp != '.') return 0;
    ++*pp;
    if (!zone_parse_number(pp, 6, &r->day)) return 0;
  } else {
    r->kind = **pp == 'J' ? 'J' : '0';
    if (r->kind == 'J') ++*pp;
    if (!zone_parse_number(pp, 365, &r->day)) return 0;
  }
  if (**pp != '/') return 1;
  ++*pp;
  return zone_parse_clock(pp, &r->second);
}

/* "CET-1CEST,M3.5.0,M10.5.0/3": sets z->rule, which stays 0 for what cannot be read. */
static void zone_parse_footer(FrtZone *z, const char *p) {
  int32_t v;
  if (!zone_parse_abbrev(&p, z->rule_abbrev[0]) || !zone_parse_clock(&p, &v)) return;
  z->rule_offset[0] = -v;
  z->rule_offset[1] = 3600 - v;
  if (!*p) {
    z->rule = 1;
    return;
  }
  if (!zone_parse_abbrev(&p, z->rule_abbrev[1])) return;
  if (*p && *p != ',') {
    if (!zone_parse_clock(&p, &v)) return;
    z->rule_offset[1] = -v;
  }
  if (zone_parse_rule(&p, &z->from) && zone_parse_rule(&p, &z->to) && !*p) z->rule = 2;
}

/* The local second (since 1970, on the clock before the change) at which the rule acts in `year`. */
static int64_t zone_rule_local(const FrtZoneRule *r, int32_t year) {
  int32_t day;
  if (r->kind == 'M') {
    int32_t first = frt_days_from_civil(year, (uint32_t)r->month, 1);
    int32_t length = (int32_t)frt_days_in_month(year, (uint32_t)r->month);
    int32_t offset = (r->day - (int32_t)(frt_weekday(first) % 7) + 7) % 7 + (r->week - 1) * 7;
    if (offset >= length) offset -= 7;
    day = first + offset;
  } else {
    day = frt_days_from_civil(year, 1, 1) + r->day;
    if (r->kind == 'J') day += -1 + (frt_is_leap(year) && r->day >= 60);
  }
  return (int64_t)day * 86400 + r->second;
}

static int zone_rule_summer(const FrtZone *z, int64_t utc_s) {
  if (z->rule < 2) return 0;
  int64_t rest;
  int32_t year;
  uint32_t month, dom;
  frt_civil_from_days(frt_day_of((utc_s + z->rule_offset[0]) * FRT_US_PER_SECOND, &rest), &year, &month, &dom);
  int64_t from = zone_rule_local(&z->from, year) - z->rule_offset[0];
  int64_t to = zone_rule_local(&z->to, year) - z->rule_offset[1];
  if (from < to) return utc_s >= from && utc_s < to;
  return !(utc_s >= to && utc_s < from);
}

/* ---- the file ------------------------------------------------------------------------------- */

static uint64_t zone_read_be(const uint8_t *p, int bytes) {
  uint64_t v = 0;
  for (int i = 0; i < bytes; i++) v = v << 8 | p[i];
  return v;
}

typedef struct FrtZoneCounts {
  uint32_t isut, isstd, leap, time, type, chars;
} FrtZoneCounts;

/* Reads a header at p; the block's size follows from it, 0 when it is not one. */
static size_t zone_read_header(const uint8_t *p, size_t n, int wide, FrtZoneCounts *c) {
  if (n < ZONE_HEADER || memcmp(p, "TZif", 4) != 0) return 0;
  uint32_t v[6];
  for (int i = 0; i < 6; i++) v[i] = (uint32_t)zone_read_be(p + 20 + 4 * i, 4);
  *c = (FrtZoneCounts){v[0], v[1], v[2], v[3], v[4], v[5]};
  for (int i = 0; i < 6; i++) {
    if (v[i] > ZONE_FILE_MAX) return 0;
  }
  size_t word = wide ? 8 : 4;
  size_t size = c->time * (word + 1) + c->type * 6 + c->chars + c->leap * (word + 4) + c->isstd + c->isut;
  return size <= n - ZONE_HEADER ? ZONE_HEADER + size : 0;
}

/* The data block at p, whose size has been checked. */
static int zone_read_block(FrtZone *z, const uint8_t *p, const FrtZoneCounts *c) {
  if (c->type == 0 || c->type > 256 || c->chars > 4096) return 0;
  int64_t *at = frt_malloc(c->time * sizeof *at + c->type * (sizeof(int32_t) + 1) + c->time + c->chars + 1);
  int32_t *offset = (int32_t *)(at + c->time);
  uint8_t *abbrev_at = (uint8_t *)(offset + c->type), *type = abbrev_at + c->type;
  char *abbrevs = (char *)(type + c->time);
  int good = 1;
  for (uint32_t i = 0; i < c->time; i++) {
    at[i] = (int64_t)zone_read_be(p + 8 * i, 8);
    type[i] = p[8 * (size_t)c->time + i];
    good = good && type[i] < c->type && (i == 0 || at[i] > at[i - 1]);
  }
  p += 9 * (size_t)c->time;
  for (uint32_t i = 0; i < c->type; i++) {
    offset[i] = (int32_t)(uint32_t)zone_read_be(p + 6 * i, 4);
    abbrev_at[i] = p[6 * i + 5];
    good = good && offset[i] > -93600 && offset[i] < 93600 && abbrev_at[i] < c->chars;
  }
  memcpy(abbrevs, p + 6 * (size_t)c->type, c->chars);
  abbrevs[c->chars] = 0;
  z->len = c->time;
  z->type_len = c->type;
  z->at = at;
  z->type = type;
  z->offset = offset;
  z->abbrev_at = abbrev_at;
  z->abbrevs = abbrevs;
  if (!good) frt_free(at);
  return good;
}

static int zone_read_file(FrtZone *z, const uint8_t *p, size_t n) {
  FrtZoneCounts c;
  size_t skip = zone_read_header(p, n, 0, &c);
  if (!skip || p[4] < '2') return 0;
  size_t size = zone_read_header(p + skip, n - skip, 1, &c);
  if (!size || !zone_read_block(z, p + skip + ZONE_HEADER, &c)) return 0;
  const char *footer = (const char *)p + skip + size, *end = (const char *)p + n;
  char text[128];
  if (footer < end && *footer == '\n') {
    const char *stop = memchr(footer + 1, '\n', (size_t)(end - footer - 1));
    if (stop && (size_t)(stop - footer) <= sizeof text) {
      memcpy(text, footer + 1, (size_t)(stop - footer - 1));
      text[stop - footer - 1] = 0;
      zone_parse_footer(z, text);
    }
  }
  return 1;
}

static int zone_name_is_safe(FrtStr name) {
  if (name.len == 0 || name.len > ZONE_NAME_MAX || name.ptr[0] == '/') return 0;
  for (uint32_t i = 0; i < name.len; i++) {
    char c = name.ptr[i];
    int letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter && c != '_' && c != '+' && c != '-' && c != '/') return 0;
  }
  return 1;
}

static int zone_load(FrtZone *z, FrtStr name) {
  const char *folder = getenv("TZDIR");
  char path[512];
  if (!zone_name_is_safe(name)) return 0;
  if (!folder || !*folder) folder = "/usr/share/zoneinfo";
  int len = snprintf(path, sizeof path, "%s/%.*s", folder, (int)name.len, name.ptr);
  if (len < 0 || (size_t)len >= sizeof path) return 0;
  FILE *file = fopen(path, "rbe");
  if (!file) return 0;
  uint8_t *data = frt_malloc(ZONE_FILE_MAX);
  size_t n = fread(data, 1, ZONE_FILE_MAX, file);
  fclose(file);
  int good = zone_read_file(z, data, n);
  frt_free(data);
  return good;
}

/* "+02:00" and the like, and the names of UTC. */
static int zone_make_fixed(FrtZone *z, FrtStr name) {
  const char *p = name.ptr, *end = p + name.len;
  int utc = name.len == 0 || (name.len == 3 && (memcmp(p, "UTC", 3) == 0 || memcmp(p, "GMT", 3) == 0));
  int32_t offset = 0;
  if (!utc && (text_parse_offset(&p, end, &offset) != FRT_OK || p != end)) return 0;
  z->rule = 1;
  z->rule_offset[0] = offset;
  size_t n = name.len && name.len <= ZONE_ABBREV_MAX && *name.ptr != 'Z' ? name.len : 0;
  memcpy(z->rule_abbrev[0], n ? name.ptr : "UTC", n ? n : 3);
  return 1;
}

static FrtZone *zone_find(FrtStr name) {
  FrtZone *z = __atomic_load_n(&zone_list, __ATOMIC_ACQUIRE);
  for (; z; z = z->next) {
    if (strlen(z->name) == name.len && (name.len == 0 || memcmp(z->name, name.ptr, name.len) == 0)) return z;
  }
  return NULL;
}

int frt_zone_get(FrtStr name, const FrtZone **out) {
  if (name.len > ZONE_NAME_MAX || (name.len && memchr(name.ptr, 0, name.len))) return FRT_E_ZONE;
  FrtZone *z = zone_find(name);
  if (!z) {
    pthread_mutex_lock(&zone_lock);
    z = zone_find(name);
    if (!z) {
      z = frt_malloc(sizeof *z);
      memset(z, 0, sizeof *z);
      if (name.len) memcpy(z->name, name.ptr, name.len);
      if (zone_make_fixed(z, name) || zone_load(z, name)) {
        z->next = zone_list;
        __atomic_store_n(&zone_list, z, __ATOMIC_RELEASE);
      } else {
        frt_free(z);
        z = NULL;
      }
    }
    pthread_mutex_unlock(&zone_lock);
  }
  if (!z) return FRT_E_ZONE;
  *out = z;
  return FRT_OK;
}

/* ---- asking --------------------------------------------------------------------------------- */

int32_t frt_zone_offset(const FrtZone *z, int64_t utc_s, const char **abbrev) {
  if ((z->len == 0 || utc_s >= z->at[z->len - 1]) && z->rule) {
    int summer = zone_rule_summer(z, utc_s);
    if (abbrev) *abbrev = z->rule_abbrev[summer];
    return z->rule_offset[summer];
  }
  uint32_t low = 0, high = z->len;   /* the first transition after utc_s */
  while (low < high) {
    uint32_t mid = (low + high) / 2;
    if (z->at[mid] <= utc_s) low = mid + 1;
    else high = mid;
  }
  uint32_t type = low ? z->type[low - 1] : 0;
  if (abbrev) *abbrev = z->abbrevs + z->abbrev_at[type];
  return z->offset[type];
}

static int64_t zone_floor_seconds(int64_t us) {
  int64_t s = us / FRT_US_PER_SECOND;
  return us % FRT_US_PER_SECOND < 0 ? s - 1 : s;
}

int frt_zone_to_utc(const FrtZone *z, int64_t local_us, int64_t *utc_us) {
  int64_t local = zone_floor_seconds(local_us), best = INT64_MAX;
  if (z->len == 0 && z->rule == 1) {
    *utc_us = local_us - z->rule_offset[0] * FRT_US_PER_SECOND;
    return FRT_OK;
  }
  for (int64_t probe = local - 93600; probe <= local + 93600; probe += 31200) {
    int32_t offset = frt_zone_offset(z, probe, NULL);
    if (local - offset < best && frt_zone_offset(z, local - offset, NULL) == offset) best = local - offset;
  }
  if (best == INT64_MAX) return FRT_E_TIME_GAP;
  *utc_us = local_us + (best - local) * FRT_US_PER_SECOND;
  return FRT_OK;
}

int64_t frt_zone_to_local(const FrtZone *z, int64_t utc_us) {
  return utc_us + frt_zone_offset(z, zone_floor_seconds(utc_us), NULL) * FRT_US_PER_SECOND;
}
