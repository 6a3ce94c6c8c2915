#include "proxy/wire/startup_packet.h"

#include "proxy/wire/cursor.h"
#include "proxy/wire/writer.h"

namespace pgconsent::wire {

namespace {

// The body of a packet whose length word is right; an empty view otherwise (no packet has an empty body).
std::string_view body_of(std::span<const std::byte> packet) {
  const auto length = startup_packet_length(packet);
  if (!length || *length == 0 || *length != packet.size()) return {};
  return as_text(packet).substr(4);
}

}  // namespace

std::string_view StartupPacket::get(std::string_view name) const {
  for (auto at = parameters.rbegin(); at != parameters.rend(); ++at) {
    if (at->first == name) return at->second;
  }
  return {};
}

bool StartupPacket::has(std::string_view name) const {
  for (const auto& parameter : parameters) {
    if (parameter.first == name) return true;
  }
  return false;
}

std::optional<std::size_t> startup_packet_length(std::span<const std::byte> buffer) {
  if (buffer.size() < 4) return std::nullopt;
  const auto length = load_u32(as_text(buffer).data());
  // ProcessStartupPacket: at least the length word and a version, at most MAX_STARTUP_PACKET_LENGTH after it.
  if (length < 8 || length > max_startup_packet_length + 4) return 0;
  return length;
}

StartupKind classify_startup(std::span<const std::byte> packet) {
  Cursor cursor(body_of(packet));
  const auto code = cursor.u32();
  if (!cursor.ok()) return StartupKind::invalid;
  // The server takes an encryption request of any length for one; here only the exact form is.
  if (code == ssl_request_code) return cursor.done() ? StartupKind::ssl_request : StartupKind::invalid;
  if (code == gssenc_request_code) return cursor.done() ? StartupKind::gssenc_request : StartupKind::invalid;
  if (code == cancel_request_code)
    return cursor.left() >= 8 ? StartupKind::cancel_request : StartupKind::invalid;
  return StartupKind::startup;
}

std::optional<StartupPacket> parse_startup_packet(std::span<const std::byte> packet) {
  if (classify_startup(packet) != StartupKind::startup) return std::nullopt;
  Cursor cursor(body_of(packet));
  StartupPacket result{cursor.u32(), {}};
  // Other major versions have other layouts (2.0: fixed fields), so that only the version means anything.
  if (result.major_version() != 3) return result;
  for (;;) {
    const auto name = cursor.cstring();
    if (!cursor.ok()) return std::nullopt;
    if (name.empty()) break;
    const auto value = cursor.cstring();
    if (!cursor.ok()) return std::nullopt;
    result.parameters.emplace_back(name, value);
  }
  if (!cursor.done()) return std::nullopt;  // "expected terminator as last byte"
  return result;
}

std::optional<CancelRequest> parse_cancel_request(std::span<const std::byte> packet) {
  if (classify_startup(packet) != StartupKind::cancel_request) return std::nullopt;
  Cursor cursor(body_of(packet));
  cursor.u32();
  CancelRequest result;
  result.process = cursor.u32();
  result.key = cursor.rest();
  if (!cursor.ok() || result.key.empty() || result.key.size() > 256) return std::nullopt;
  return result;
}

void serialize(const StartupPacket& packet, std::string& out) {
  Writer writer(out);
  writer.u32(packet.version);
  for (const auto& [name, value] : packet.parameters) writer.cstring(name).cstring(value);
  writer.u8(0);
}

void serialize(const CancelRequest& request, std::string& out) {
  Writer(out).u32(cancel_request_code).u32(request.process).bytes(request.key);
}

void serialize_ssl_request(std::string& out) {
  Writer(out).u32(ssl_request_code);
}

void serialize_gssenc_request(std::string& out) {
  Writer(out).u32(gssenc_request_code);
}

}  // namespace pgconsent::wire
