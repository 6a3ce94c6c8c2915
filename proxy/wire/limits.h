// Message limits, each with the PostgreSQL constant that it comes from.
#pragma once

#include <cstdint>

namespace pgconsent::wire {

inline constexpr std::uint32_t max_startup_packet_length =
    10000;                                                     // MAX_STARTUP_PACKET_LENGTH (libpq/pqcomm.h)
inline constexpr std::uint32_t max_auth_token_length = 65535;  // PG_MAX_AUTH_TOKEN_LENGTH (libpq/auth.h)
inline constexpr std::uint32_t small_message_limit = 30000;    // PQ_SMALL_MESSAGE_LIMIT (libpq/libpq.h)
inline constexpr std::uint32_t large_message_limit =
    0x3fffffff;  // PQ_LARGE_MESSAGE_LIMIT: MaxAllocSize, 1 GB - 1

inline constexpr std::uint32_t protocol_3_0 = 3u << 16;                      // PG_PROTOCOL(3, 0)
inline constexpr std::uint32_t cancel_request_code = (1234u << 16) | 5678u;  // CANCEL_REQUEST_CODE
inline constexpr std::uint32_t ssl_request_code = (1234u << 16) | 5679u;     // NEGOTIATE_SSL_CODE
inline constexpr std::uint32_t gssenc_request_code = (1234u << 16) | 5680u;  // NEGOTIATE_GSS_CODE

}  // namespace pgconsent::wire
