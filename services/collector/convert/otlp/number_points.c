/* The number points of an OTLP ExportMetricsServiceRequest as columns.
 *
 * Walks the protobuf bytes once and writes, for each point, its time, its value and the identity of its series, looked
 * up by a 128-bit hash of everything that makes the series: resource, scope, name, unit, kind and attributes, as bytes.
 * What is not known, or is no number point, is given as a slice for Python to read. Anything out of the ordinary
 * (malformed bytes, groups, messages in two parts) ends the walk with REFUSED: Python's own parser then judges the request.
 *
 * Nothing is allocated: all memory is the caller's, with its size. Every read is checked against the end of its message.
 */

#include "../wire.h"

enum { POINT_KNOWN = 1, POINT_NO_RECORD = 2, POINT_NO_VALUE = 4, POINT_EXEMPLARS = 8 };
enum { KIND_OTHER = 0, KIND_GAUGE = 1, KIND_COUNTER = 2, KIND_DELTA = 3, KIND_UNTOLD = 4 };
enum { METRIC_WORDS = 11, ENTRY_WORDS = 3 };

typedef struct { uint64_t high, low; } Key;

/* The layout is repeated in decoder.py. */
typedef struct {
    const uint8_t *message;
    uint64_t length;
    const uint64_t *table;      /* entries of high, low, identity; all zero where free */
    uint64_t table_mask;        /* entries - 1, a power of two less one */
    uint64_t seed_high, seed_low;
    uint64_t point_capacity, metric_capacity;
    uint64_t *keys;             /* two words a point */
    uint64_t *ids;
    uint64_t *times;
    double *values;
    uint32_t *point_metrics;
    uint32_t *point_slices;     /* offset, length */
    uint8_t *point_flags;
    uint32_t *metrics;          /* METRIC_WORDS a metric: slices of resource, scope, metric, name, unit; kind */
    uint64_t points, metric_count;
} Scan;

static uint64_t rotate(uint64_t value, int bits) { return (value << bits) | (value >> (64 - bits)); }

static uint64_t mixed(uint64_t value) {
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdULL;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53ULL;
    return value ^ (value >> 33);
}

/* MurmurHash3 x64 128 (Austin Appleby, public domain), chained: `key` is the seed. */
static Key hashed(Key key, Slice text) {
    const uint64_t c1 = 0x87c37b91114253d5ULL, c2 = 0x4cf5ad432745937fULL;
    uint64_t h1 = key.high, h2 = key.low, length = (uint64_t)(text.end - text.at), k1, k2;
    const uint8_t *at = text.at;
    uint8_t tail[16] = {0};
    for (; text.end - at >= 16; at += 16) {
        k1 = load64(at) * c1;
        h1 ^= rotate(k1, 31) * c2;
        h1 = (rotate(h1, 27) + h2) * 5 + 0x52dce729;
        k2 = load64(at + 8) * c2;
        h2 ^= rotate(k2, 33) * c1;
        h2 = (rotate(h2, 31) + h1) * 5 + 0x38495ab5;
    }
    if (at < text.end) memcpy(tail, at, (size_t)(text.end - at));
    k1 = load64(tail) * c1;
    k2 = load64(tail + 8) * c2;
    h1 ^= rotate(k1, 31) * c2;
    h2 ^= rotate(k2, 33) * c1;
    h1 ^= length;
    h2 ^= length;
    h1 += h2;
    h2 += h1;
    h1 = mixed(h1);
    h2 = mixed(h2);
    h1 += h2;
    h2 += h1;
    return (Key){h1, h2};
}

/* The one submessage `number` of a message, empty when there is none; 0 when it is in several parts. */
static int only(Slice message, uint32_t number, Slice *found) {
    Field field;
    int seen = 0;
    *found = (Slice){message.at, message.at};
    while (message.at < message.end) {
        if (!next_field(&message, &field)) return 0;
        if (!is_bytes(&field, number)) continue;
        if (seen++) return 0;
        *found = field.bytes;
    }
    return 1;
}

static uint64_t identity_of(const Scan *scan, Key key) {
    for (uint64_t place = key.low & scan->table_mask, tried = 0; tried <= scan->table_mask; tried++) {
        const uint64_t *entry = scan->table + place * ENTRY_WORDS;
        if (entry[0] == key.high && entry[1] == key.low) return entry[2];
        if (entry[0] == 0) return 0;
        place = (place + 1) & scan->table_mask;
    }
    return 0;
}

static void put_slice(const Scan *scan, uint32_t *words, Slice slice) {
    words[0] = (uint32_t)(slice.at - scan->message);
    words[1] = (uint32_t)(slice.end - slice.at);
}

static int64_t read_point(Scan *scan, Slice point, Key key) {
    Field field;
    Slice rest = point;
    uint64_t row = scan->points, bits = 0, time = 0;
    int whole = 0, flags = POINT_NO_VALUE;
    if (row >= scan->point_capacity) return TOO_MANY;
    while (rest.at < rest.end) {
        if (!next_field(&rest, &field)) return REFUSED;
        if (field.wire == WIRE_FIXED64) {
            if (field.number == 3) time = field.value;
            if (field.number == 4 || field.number == 6) {
                bits = field.value;
                whole = field.number == 6;
                flags &= ~POINT_NO_VALUE;
            }
        } else if (is_bytes(&field, 7)) {
            key = hashed(key, field.bytes);
        } else if (is_bytes(&field, 5)) {
            flags |= POINT_EXEMPLARS;
        } else if (field.wire == WIRE_VARINT && field.number == 8) {
            flags = field.value & 1 ? flags | POINT_NO_RECORD : flags & ~POINT_NO_RECORD;
        }
    }
    key.high |= 1; /* never the mark of a free entry */
    scan->keys[2 * row] = key.high;
    scan->keys[2 * row + 1] = key.low;
    scan->ids[row] = identity_of(scan, key);
    if (scan->ids[row]) flags |= POINT_KNOWN;
    scan->times[row] = time;
    if (whole) scan->values[row] = (double)(int64_t)bits;
    else memcpy(&scan->values[row], &bits, 8);
    scan->point_metrics[row] = (uint32_t)scan->metric_count;
    put_slice(scan, scan->point_slices + 2 * row, point);
    scan->point_flags[row] = (uint8_t)flags;
    scan->points++;
    return 0;
}

/* Of a Sum: its kind, from fields that follow its points. */
static int sum_kind(Slice sum, uint8_t *kind) {
    Field field;
    uint64_t temporality = 0, monotonic = 0;
    while (sum.at < sum.end) {
        if (!next_field(&sum, &field)) return 0;
        if (field.wire != WIRE_VARINT) continue;
        if (field.number == 2) temporality = field.value & 0xffffffffULL;
        if (field.number == 3) monotonic = field.value;
    }
    *kind = temporality == 1 ? KIND_DELTA : temporality != 2 ? KIND_UNTOLD : monotonic ? KIND_COUNTER : KIND_GAUGE;
    return 1;
}

static int64_t read_metric(Scan *scan, Slice metric, Slice resource, Slice scope, Key key) {
    Field field;
    Slice rest = metric, name = {metric.at, metric.at}, unit = name, points = name;
    int data = 0;
    uint8_t kind = KIND_OTHER;
    if (scan->metric_count >= scan->metric_capacity) return TOO_MANY;
    while (rest.at < rest.end) {
        if (!next_field(&rest, &field)) return REFUSED;
        if (field.wire != WIRE_BYTES) continue;
        if (field.number == 1) name = field.bytes;
        if (field.number == 3) unit = field.bytes;
        if (field.number == 5 || field.number == 7) {
            kind = field.number == 5 ? KIND_GAUGE : KIND_UNTOLD;
            points = field.bytes;
        }
        if (field.number == 5 || field.number == 7 || (field.number >= 9 && field.number <= 11)) data++;
    }
    if (data > 1 || (kind == KIND_UNTOLD && !sum_kind(points, &kind))) return REFUSED;
    uint32_t *words = scan->metrics + scan->metric_count * METRIC_WORDS;
    put_slice(scan, words, resource);
    put_slice(scan, words + 2, scope);
    put_slice(scan, words + 4, metric);
    put_slice(scan, words + 6, name);
    put_slice(scan, words + 8, unit);
    words[10] = kind;
    if (kind != KIND_OTHER) {
        key = hashed(hashed(hashed(key, name), unit), (Slice){&kind, &kind + 1});
        while (points.at < points.end) {
            if (!next_field(&points, &field)) return REFUSED;
            if (!is_bytes(&field, 1)) continue;
            int64_t told = read_point(scan, field.bytes, key);
            if (told < 0) return told;
        }
    }
    scan->metric_count++;
    return 0;
}

static int64_t read_scope(Scan *scan, Slice metrics, Slice resource, Key key) {
    Field field;
    Slice scope;
    if (!only(metrics, 1, &scope)) return REFUSED;
    key = hashed(key, scope);
    while (metrics.at < metrics.end) {
        if (!next_field(&metrics, &field)) return REFUSED;
        if (!is_bytes(&field, 2)) continue;
        int64_t told = read_metric(scan, field.bytes, resource, scope, key);
        if (told < 0) return told;
    }
    return 0;
}

static int64_t read_resource(Scan *scan, Slice metrics) {
    Field field;
    Slice resource;
    if (!only(metrics, 1, &resource)) return REFUSED;
    Key key = hashed((Key){scan->seed_high, scan->seed_low}, resource);
    while (metrics.at < metrics.end) {
        if (!next_field(&metrics, &field)) return REFUSED;
        if (!is_bytes(&field, 2)) continue;
        int64_t told = read_scope(scan, field.bytes, resource, key);
        if (told < 0) return told;
    }
    return 0;
}

/* Fill the columns of `scan`: 0, REFUSED, or TOO_MANY when they are too short. */
PUBLIC int64_t binnacle_scan(Scan *scan) {
    Slice message = {scan->message, scan->message + scan->length};
    Field field;
    scan->points = scan->metric_count = 0;
    if (scan->length > 0xffffffffULL) return REFUSED;
    while (message.at < message.end) {
        if (!next_field(&message, &field)) return REFUSED;
        if (!is_bytes(&field, 1)) continue;
        int64_t told = read_resource(scan, field.bytes);
        if (told < 0) return told;
    }
    return 0;
}

/* Enter identities (not 0) under their keys in a table that has room; how many entries are new. */
PUBLIC int64_t binnacle_learn(uint64_t *table, uint64_t mask, const uint64_t *keys, const uint64_t *ids, uint64_t count) {
    int64_t fresh = 0;
    for (uint64_t row = 0; row < count; row++) {
        uint64_t place = keys[2 * row + 1] & mask, tried = 0;
        for (; tried <= mask; tried++, place = (place + 1) & mask) {
            uint64_t *entry = table + place * ENTRY_WORDS;
            if (entry[0] == 0) {
                fresh++;
                entry[0] = keys[2 * row];
                entry[1] = keys[2 * row + 1];
            } else if (entry[0] != keys[2 * row] || entry[1] != keys[2 * row + 1]) {
                continue;
            }
            entry[2] = ids[row];
            break;
        }
    }
    return fresh;
}
