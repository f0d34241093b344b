#include "CPrimitives.h"
#include <string.h>

static uint32_t table[256];

__attribute__((constructor)) static void makeTable(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? 0x82F63B78u : 0);
        table[byte] = crc;
    }
}

uint32_t martlet_crc32c_portable(uint32_t crc, const void *bytes, size_t byteCount) {
    const uint8_t *next = bytes;
    crc = ~crc;
    while (byteCount--) crc = (crc >> 8) ^ table[(crc ^ *next++) & 0xFF];
    return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2")))
static uint32_t hardware(uint32_t crc, const void *bytes, size_t byteCount) {
    const uint8_t *next = bytes;
    uint64_t state = (uint32_t)~crc;
    while (byteCount >= 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        state = __builtin_ia32_crc32di(state, word);
        next += 8;
        byteCount -= 8;
    }
    uint32_t narrow = (uint32_t)state;
    while (byteCount--) narrow = __builtin_ia32_crc32qi(narrow, *next++);
    return ~narrow;
}
#endif

uint32_t martlet_crc32c(uint32_t crc, const void *bytes, size_t byteCount) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return hardware(crc, bytes, byteCount);
#endif
    return martlet_crc32c_portable(crc, bytes, byteCount);
}
