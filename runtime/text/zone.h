/* zone.h: time zones by IANA name, read from the system's TZif files (RFC 8536) in $TZDIR, else
 * /usr/share/zoneinfo. "UTC", "Z" and "GMT" need no file, and fixed offsets "+02:00" neither. Zones
 * are loaded once per process, never freed and immutable: any thread may ask. */
#ifndef FRT_TEXT_ZONE_H
#define FRT_TEXT_ZONE_H

#include "flowrt.h"

typedef struct FrtZone FrtZone;

/* FRT_OK, or FRT_E_ZONE: no such zone. The empty name is UTC. */
int frt_zone_get(FrtStr name, const FrtZone **out);
/* Seconds east of UTC at the instant. `abbrev` may be NULL; else it gets a static NUL-terminated
 * name such as "CEST". */
int32_t frt_zone_offset(const FrtZone *z, int64_t utc_s, const char **abbrev);
/* The clock of the zone to UTC, both in microseconds since 1970. A time that the zone has twice is
 * the earlier instant; one that it skips is FRT_E_TIME_GAP. */
int frt_zone_to_utc(const FrtZone *z, int64_t local_us, int64_t *utc_us);
/* UTC to the clock of the zone. */
int64_t frt_zone_to_local(const FrtZone *z, int64_t utc_us);

#endif
