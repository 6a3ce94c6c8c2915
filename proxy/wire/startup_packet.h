// The packets that open a connection: they have no type byte, and TLS depends on them.
// https://www.postgresql.org/docs/15/protocol-message-formats.html (StartupMessage, SSLRequest,
// GSSENCRequest, CancelRequest)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/wire/limits.h"

namespace pgconsent::wire {

struct StartupPacket {
  std::uint32_t version = protocol_3_0;  // major in the upper, minor in the lower 16 bits
  std::vector<std::pair<std::string, std::string>> parameters;  // as sent: in order, repeated names included

  std::uint16_t major_version() const { return static_cast<std::uint16_t>(version >> 16); }
  std::uint16_t minor_version() const { return static_cast<std::uint16_t>(version); }
  // The last value of that name, as PostgreSQL takes it; empty when there is none.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
};

struct CancelRequest {
  std::uint32_t process = 0;
  std::string key;  // 4 bytes in protocol 3.0
};

enum class StartupKind { startup, ssl_request, gssenc_request, cancel_request, invalid };

// How many bytes the packet at the front of the buffer has, its length word included.
// Null until 4 bytes are there. 0: a length that no packet may have; close the connection.
std::optional<std::size_t> startup_packet_length(std::span<const std::byte> buffer);

// For a complete packet with its length word. A startup packet of any version is `startup`:
// the session answers unsupported ones.
StartupKind classify_startup(std::span<const std::byte> packet);

// Both take the complete packet with its length word; null when it is malformed.
std::optional<StartupPacket> parse_startup_packet(std::span<const std::byte> packet);
std::optional<CancelRequest> parse_cancel_request(std::span<const std::byte> packet);

// REQUIRES: no NUL in names and values, no empty name.
void serialize(const StartupPacket& packet, std::string& out);
void serialize(const CancelRequest& request, std::string& out);
void serialize_ssl_request(std::string& out);
void serialize_gssenc_request(std::string& out);

}  // namespace pgconsent::wire
