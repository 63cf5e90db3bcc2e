/* Reading protobuf bytes. Every read is checked against the end of its message. */

#ifndef BINNACLE_WIRE_H
#define BINNACLE_WIRE_H

#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#define PUBLIC __declspec(dllexport)
#else
#define PUBLIC __attribute__((visibility("default")))
#endif

#define REFUSED (-1)
#define TOO_MANY (-2)

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

typedef struct { const uint8_t *at, *end; } Slice;
typedef struct { uint32_t number, wire; uint64_t value; Slice bytes; } Field;

static inline uint64_t load64(const uint8_t *at) { uint64_t value; memcpy(&value, at, 8); return value; }

static inline int read_varint(Slice *from, uint64_t *value) {
    uint64_t found = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (from->at == from->end) return 0;
        uint8_t byte = *from->at++;
        if (shift == 63 && byte > 1) return 0;
        found |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = found;
            return 1;
        }
    }
    return 0;
}

/* The next field of a message: 1, or 0 for what these walks do not read (malformed bytes, groups). */
static inline int next_field(Slice *from, Field *field) {
    uint64_t tag, length;
    if (!read_varint(from, &tag) || tag > 0xffffffffULL || tag >> 3 == 0) return 0;
    field->number = (uint32_t)(tag >> 3);
    field->wire = (uint32_t)(tag & 7);
    switch (field->wire) {
    case WIRE_VARINT:
        return read_varint(from, &field->value);
    case WIRE_FIXED64:
        if (from->end - from->at < 8) return 0;
        field->value = load64(from->at);
        from->at += 8;
        return 1;
    case WIRE_BYTES:
        if (!read_varint(from, &length) || length > (uint64_t)(from->end - from->at)) return 0;
        field->bytes = (Slice){from->at, from->at + length};
        from->at += length;
        return 1;
    case WIRE_FIXED32:
        if (from->end - from->at < 4) return 0;
        from->at += 4;
        return 1;
    default:
        return 0;
    }
}

static inline int is_bytes(const Field *field, uint32_t number) {
    return field->wire == WIRE_BYTES && field->number == number;
}

#endif
