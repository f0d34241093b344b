#ifndef MARTLET_CPRIMITIVES_H
#define MARTLET_CPRIMITIVES_H
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, reflected 0x82F63B78) of `byteCount` bytes, continued from `crc` (0 at the
/// start). Uses the SSE4.2 instruction where the processor has it, else a table; both agree.
uint32_t martlet_crc32c(uint32_t crc, const void *bytes, size_t byteCount);

/// The table version, so that a test can hold the two against each other.
uint32_t martlet_crc32c_portable(uint32_t crc, const void *bytes, size_t byteCount);

/// Asks the processor to load the cache line at `address`; never faults.
static inline void martlet_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

/// The same for that line and the next one.
static inline void martlet_prefetch_two(const void *address) {
  __builtin_prefetch(address, 0, 3);
  __builtin_prefetch((const char *)address + 64, 0, 3);
}
#endif
