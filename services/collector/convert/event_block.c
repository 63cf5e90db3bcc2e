/* The events of a WriteEventsRequest as the columns of a journal's EventBlock, already in protobuf bytes.
 *
 * Walks the request once. Texts are copied to their columns behind tag and length; attributes become JSON. Only what
 * keeps every rule is taken: anything else (a text that is too long or no UTF-8, a time or number out of range, an
 * attribute given twice, malformed bytes) ends the walk with REFUSED, and Python reads and judges the request.
 *
 * Nothing is allocated: all memory is the caller's, with its size.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire.h"

enum { TYPES, SERVICES, USERS, SESSIONS, DATA, TEXTS };
enum { MOST_SECRETS = 16, MOST_ATTRIBUTES = 64, MOST_DATA_BYTES = 16 * 1024, DEEPEST = 15, LONGEST_NUMBER = 40 };
/* In microseconds; as convert/times.py. */
#define LIMIT_US (1LL << 62)
/* Whole numbers up to here are written as such; as convert/attributes.py. */
#define EXACT 9007199254740992.0

typedef struct { uint8_t *at, *end; } Room;

typedef struct {
    uint32_t at, length;                /* of the name */
    uint64_t values;
} Replaced;

/* The layout is repeated in event_blocks.py. */
typedef struct {
    const uint8_t *message;
    uint64_t length;
    int64_t now_us;                     /* time of events that carry none */
    uint64_t capacity;                  /* events */
    int64_t *times_us;
    uint8_t *texts[TEXTS];
    uint64_t sizes[TEXTS];              /* of the room for each column; then of what is in it */
    uint64_t events;
    uint32_t name_at, name_length;      /* batch_id */
    const uint8_t *secret_words;        /* see is_secret */
    uint64_t secrets;
    Replaced replaced[MOST_SECRETS];
} Events;

static const uint32_t MOST_CHARACTERS[DATA] = {100, 100, 200, 200};

static int put(Room *room, const void *from, uint64_t size) {
    if ((uint64_t)(room->end - room->at) < size) return 0;
    memcpy(room->at, from, size);
    room->at += size;
    return 1;
}

static int put_byte(Room *room, uint8_t byte) { return put(room, &byte, 1); }

static int put_length(Room *room, uint32_t number, uint64_t length) {
    if (room->end - room->at < 8 || length >= 1U << 28) return 0;
    *room->at++ = (uint8_t)(number << 3 | WIRE_BYTES);
    for (; length >= 0x80; length >>= 7) *room->at++ = (uint8_t)(length | 0x80);
    *room->at++ = (uint8_t)length;
    return 1;
}

/* How many characters a text of UTF-8 has; -1 when it is none. */
static int64_t characters(Slice text) {
    int64_t count = 0;
    const uint8_t *at = text.at, *end = text.end;
    while (at < end) {
        if (end - at >= 8 && !(load64(at) & 0x8080808080808080ULL)) {
            at += 8;
            count += 8;
            continue;
        }
        uint8_t first = *at++;
        count++;
        if (first < 0x80) continue;
        int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
        if (first < 0xc2 || first > 0xf4 || end - at < more) return -1;
        if ((first == 0xe0 && *at < 0xa0) || (first == 0xed && *at > 0x9f)) return -1;
        if ((first == 0xf0 && *at < 0x90) || (first == 0xf4 && *at > 0x8f)) return -1;
        for (; more; more--) if ((*at++ & 0xc0) != 0x80) return -1;
    }
    return count;
}

static int is_type(Slice text) {
    if (text.at == text.end || text.end - text.at > MOST_CHARACTERS[TYPES]) return 0;
    for (; text.at < text.end; text.at++) {
        uint8_t c = *text.at;
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '-' && c <= ':') || c == '_')) return 0;
    }
    return 1;
}

static int put_quoted(Room *room, Slice text) {
    static const char hex[] = "0123456789abcdef";
    if (characters(text) < 0 || !put_byte(room, '"')) return 0;
    while (text.at < text.end) {
        const uint8_t *plain = text.at;
        while (text.at < text.end && *text.at >= 0x20 && *text.at != '"' && *text.at != '\\') text.at++;
        if (!put(room, plain, (uint64_t)(text.at - plain))) return 0;
        if (text.at == text.end) break;
        uint8_t c = *text.at++, escaped[6] = {'\\', c, '0', '0', (uint8_t)hex[c >> 4], (uint8_t)hex[c & 15]};
        if (c < 0x20) escaped[1] = 'u';
        if (!put(room, escaped, c < 0x20 ? 6 : 2)) return 0;
    }
    return put_byte(room, '"');
}

static int put_number(Room *room, double number) {
    char text[LONGEST_NUMBER];
    int size = -1;
    double scale = 1.0;
    if (!isfinite(number)) return 0;
    if (number == rint(number) && fabs(number) <= EXACT) {
        size = snprintf(text, sizeof text, "%lld", (long long)number);
        return put(room, text, (uint64_t)size);
    }
    /* A whole number over a power of ten, both exact, is the double nearest to these decimals. */
    for (int digits = 1; digits <= 9; digits++) {
        scale *= 10.0;
        double whole = rint(number * scale);
        if (fabs(whole) >= EXACT) break;
        if (whole / scale != number) continue;
        long long all = llabs((long long)whole), base = (long long)scale;
        size = snprintf(text, sizeof text, "%s%lld.%0*lld", number < 0 ? "-" : "", all / base, digits, all % base);
        return put(room, text, (uint64_t)size);
    }
    for (int digits = 15; digits <= 17; digits++) {
        size = snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) break;
    }
    return put(room, text, (uint64_t)size);
}

/* The last letter or digit of a name, in small letters, which is taken off; 0 when there is none. */
static uint8_t take_last(Slice *name) {
    while (name->end > name->at) {
        uint8_t c = *--name->end;
        if (c >= 'A' && c <= 'Z') return c | 0x20;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80) return c;
    }
    return 0;
}

/* As domain/redaction.py: whether a name ends with one of the words, whatever its case and separators. The words are
 * grouped by their last letter: that, the length of the group in two bytes, then what else each word has, backwards
 * behind its length. A letter of 0 ends the groups. */
static int is_secret(Slice name, const uint8_t *group) {
    uint8_t last = take_last(&name);
    for (; *group; group += 3 + (group[1] | group[2] << 8)) {
        if (*group != last) continue;
        const uint8_t *word = group + 3, *end = word + (group[1] | group[2] << 8);
        for (; word < end; word += *word + 1) {
            Slice rest = name;
            int place = 0;
            while (place < *word && take_last(&rest) == word[place + 1]) place++;
            if (place == *word) return 1;
        }
        return 0;
    }
    return 0;
}

/* Put what stands for a secret in the place of a value, which is written from `value` on, and note its name. */
static int put_redacted(Events *events, Room *room, uint8_t *value, Slice name) {
    static const char redacted[] = "\"[redacted]\"";
    uint64_t number = 0, size = (uint64_t)(name.end - name.at);
    if (*value == 'n' || *value == 't' || *value == 'f' || (*value == '"' && room->at == value + 2)) return 1;
    for (; number < events->secrets; number++) {
        Replaced *known = &events->replaced[number];
        if (known->length == size && !memcmp(events->message + known->at, name.at, size)) break;
    }
    if (number == MOST_SECRETS) return 0;
    if (number == events->secrets) {
        events->replaced[events->secrets++] = (Replaced){(uint32_t)(name.at - events->message), (uint32_t)size, 0};
    }
    events->replaced[number].values++;
    room->at = value;
    return put(room, redacted, sizeof redacted - 1);
}

static int put_struct(Events *events, Room *room, Slice message, int depth);

static int put_list(Events *events, Room *room, Slice message, int depth);

/* One google.protobuf.Value, which must say one thing. */
static int put_value(Events *events, Room *room, Slice message, int depth) {
    Field field;
    double number;
    if (message.at == message.end) return put(room, "null", 4);
    if (!next_field(&message, &field) || message.at != message.end) return 0;
    if (field.number == 2 && field.wire == WIRE_FIXED64) {
        memcpy(&number, &field.value, 8);
        return put_number(room, number);
    }
    if (is_bytes(&field, 3)) return put_quoted(room, field.bytes);
    if (field.number == 4 && field.wire == WIRE_VARINT) {
        return field.value ? put(room, "true", 4) : put(room, "false", 5);
    }
    if (field.number == 1 && field.wire == WIRE_VARINT) return put(room, "null", 4);
    if (is_bytes(&field, 5)) return put_struct(events, room, field.bytes, depth + 1);
    if (is_bytes(&field, 6)) return put_list(events, room, field.bytes, depth + 1);
    return 0;
}

/* The value of an attribute; one that is named like a secret is walked all the same, since it may break a rule. */
static int put_attribute(Events *events, Room *room, Slice name, Slice value, int depth) {
    static const uint8_t no_words[] = {0};
    const uint8_t *words = events->secret_words;
    uint8_t *from = room->at;
    int secret = is_secret(name, words);
    if (secret) events->secret_words = no_words;
    if (!put_value(events, room, value, depth)) return 0;
    events->secret_words = words;
    return !secret || put_redacted(events, room, from, name);
}

static int put_list(Events *events, Room *room, Slice message, int depth) {
    Field field;
    if (depth > DEEPEST || !put_byte(room, '[')) return 0;
    for (int count = 0; message.at < message.end; count++) {
        if (!next_field(&message, &field) || !is_bytes(&field, 1)) return 0;
        if (count && !put_byte(room, ',')) return 0;
        if (!put_value(events, room, field.bytes, depth)) return 0;
    }
    return put_byte(room, ']');
}

/* Key and value of an entry of a map, which must hold each once at most. */
static int read_entry(Slice entry, Slice *key, Slice *value) {
    Field field;
    *key = *value = (Slice){entry.at, entry.at};
    for (int keys = 0, values = 0; entry.at < entry.end;) {
        if (!next_field(&entry, &field)) return 0;
        if (is_bytes(&field, 1) && !keys++) *key = field.bytes;
        else if (is_bytes(&field, 2) && !values++) *value = field.bytes;
        else return 0;
    }
    return 1;
}

static int is_among(Slice key, const Slice *keys, int count) {
    for (int number = 0; number < count; number++) {
        uint64_t size = (uint64_t)(keys[number].end - keys[number].at);
        if (size == (uint64_t)(key.end - key.at) && !memcmp(keys[number].at, key.at, size)) return 1;
    }
    return 0;
}

static int put_struct(Events *events, Room *room, Slice message, int depth) {
    Field field;
    Slice keys[MOST_ATTRIBUTES], value;
    if (depth > DEEPEST || !put_byte(room, '{')) return 0;
    for (int count = 0; message.at < message.end; count++) {
        if (count == MOST_ATTRIBUTES || !next_field(&message, &field) || !is_bytes(&field, 1)) return 0;
        if (!read_entry(field.bytes, &keys[count], &value) || is_among(keys[count], keys, count)) return 0;
        if (count && !put_byte(room, ',')) return 0;
        if (!put_quoted(room, keys[count]) || !put_byte(room, ':')) return 0;
        if (!put_attribute(events, room, keys[count], value, depth)) return 0;
    }
    return put_byte(room, '}');
}

static int read_time(Slice message, int64_t *micros) {
    Field field;
    int64_t seconds = 0, nanos = 0;
    while (message.at < message.end) {
        if (!next_field(&message, &field)) return 0;
        if (field.wire != WIRE_VARINT) continue;
        if (field.number == 1) seconds = (int64_t)field.value;
        if (field.number == 2) nanos = (int32_t)field.value;
    }
    if (nanos < 0 || nanos >= 1000000000 || seconds < 0 || seconds >= LIMIT_US / 1000000) return 0;
    *micros = seconds * 1000000 + nanos / 1000;
    return 1;
}

/* The attributes of an event, behind their tag and a length of three bytes at most, which is known afterwards. */
static int put_data(Events *events, Room *room, Slice message) {
    if (message.at == message.end) return put_length(room, 6, 2) && put(room, "{}", 2);
    Room text = {room->at + 4, room->end};
    if (room->end - room->at < 4 || !put_struct(events, &text, message, 1)) return 0;
    uint64_t size = (uint64_t)(text.at - (room->at + 4));
    if (size > MOST_DATA_BYTES) return 0;
    const uint8_t *from = room->at + 4;
    if (!put_length(room, 6, size)) return 0;
    memmove(room->at, from, size);
    room->at += size;
    return 1;
}

static int read_event(Events *events, Slice message, Room *rooms) {
    Field field;
    Slice texts[DATA], data = {message.at, message.at};
    int timed = 0, with_data = 0;
    if (events->events >= events->capacity) return 0;
    int64_t *micros = &events->times_us[events->events];
    *micros = events->now_us;
    for (int text = 0; text < DATA; text++) texts[text] = data;
    while (message.at < message.end) {
        if (!next_field(&message, &field)) return 0;
        if (field.wire != WIRE_BYTES) continue;
        if (field.number >= 1 && field.number <= 4) texts[field.number - 1] = field.bytes;
        else if (field.number == 5 && (timed++ || !read_time(field.bytes, micros))) return 0;
        else if (field.number == 6) {
            if (with_data++) return 0;
            data = field.bytes;
        }
    }
    if (!is_type(texts[TYPES])) return 0;
    for (int text = 0; text < DATA; text++) {
        uint64_t size = (uint64_t)(texts[text].end - texts[text].at);
        if (text != TYPES) {
            int64_t count = characters(texts[text]);
            if (count < 0 || count > MOST_CHARACTERS[text]) return 0;
        }
        if (!put_length(&rooms[text], (uint32_t)text + 2, size) || !put(&rooms[text], texts[text].at, size)) return 0;
    }
    events->events++;
    return put_data(events, &rooms[DATA], data);
}

/* Fill the columns of `events`: 0, or REFUSED. */
PUBLIC int64_t binnacle_events(Events *events) {
    Slice message = {events->message, events->message + events->length};
    Field field;
    Room rooms[TEXTS];
    events->events = events->secrets = 0;
    events->name_at = events->name_length = 0;
    if (events->length > 0xffffffffULL) return REFUSED;
    for (int text = 0; text < TEXTS; text++) {
        rooms[text] = (Room){events->texts[text], events->texts[text] + events->sizes[text]};
    }
    while (message.at < message.end) {
        if (!next_field(&message, &field)) return REFUSED;
        if (is_bytes(&field, 1) && !read_event(events, field.bytes, rooms)) return REFUSED;
        if (is_bytes(&field, 2)) {
            events->name_at = (uint32_t)(field.bytes.at - events->message);
            events->name_length = (uint32_t)(field.bytes.end - field.bytes.at);
        }
    }
    for (int text = 0; text < TEXTS; text++) events->sizes[text] = (uint64_t)(rooms[text].at - events->texts[text]);
    return events->events ? 0 : REFUSED;
}
