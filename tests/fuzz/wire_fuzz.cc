// Startup packets and every message in both directions. What can be read is written, read and written again:
// both texts must be equal.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/wire/backend/messages.h"
#include "proxy/wire/framer.h"
#include "proxy/wire/frontend/messages.h"
#include "proxy/wire/startup_packet.h"

namespace {

namespace wire = pgconsent::wire;

template <typename Message>
void check(std::string_view body) {
  // A copy of its own: AddressSanitizer sees a read beyond it.
  const std::string copy(body);
  Message message, again;
  if (!parse(std::string_view(copy), message)) return;
  std::string first, second;
  serialize(message, first);
  if (!parse(std::string_view(first).substr(5), again)) std::abort();
  serialize(again, second);
  if (first != second) std::abort();
}

void check_frontend(char type, std::string_view body) {
  using namespace wire::frontend;
  switch (type) {
    case 'Q':
      return check<Query>(body);
    case 'P':
      return check<Parse>(body);
    case 'B':
      return check<Bind>(body);
    case 'D':
      return check<Describe>(body);
    case 'C':
      return check<Close>(body);
    case 'E':
      return check<Execute>(body);
    case 'd':
      return check<CopyData>(body);
    case 'f':
      return check<CopyFail>(body);
    case 'F':
      return check<FunctionCall>(body);
    case 'p':
      check<PasswordMessage>(body);
      check<SASLInitialResponse>(body);
      return check<SASLResponse>(body);
    case 'S':
      return check<Sync>(body);
    case 'H':
      return check<Flush>(body);
    case 'c':
      return check<CopyDone>(body);
    default:
      return check<Terminate>(body);
  }
}

void check_backend(char type, std::string_view body) {
  using namespace wire::backend;
  switch (type) {
    case 'R': {
      check<Authentication>(body);
      AuthenticationSASL offer;
      parse(body, offer);
      return;
    }
    case 'K':
      return check<BackendKeyData>(body);
    case 'C':
      return check<CommandComplete>(body);
    case 'G':
      return check<CopyInResponse>(body);
    case 'H':
      return check<CopyOutResponse>(body);
    case 'W':
      return check<CopyBothResponse>(body);
    case 'D':
      return check<DataRow>(body);
    case 'E':
      return check<ErrorResponse>(body);
    case 'N':
      return check<NoticeResponse>(body);
    case 'V':
      return check<FunctionCallResponse>(body);
    case 'v':
      return check<NegotiateProtocolVersion>(body);
    case 'A':
      return check<NotificationResponse>(body);
    case 't':
      return check<ParameterDescription>(body);
    case 'S':
      return check<ParameterStatus>(body);
    case 'Z':
      return check<ReadyForQuery>(body);
    case 'T':
      return check<RowDescription>(body);
    default:
      return check<ParseComplete>(body);
  }
}

void check_startup(std::span<const std::byte> bytes) {
  wire::startup_packet_length(bytes);
  wire::classify_startup(bytes);
  wire::parse_cancel_request(bytes);
  const auto packet = wire::parse_startup_packet(bytes);
  if (!packet || packet->major_version() != 3) return;
  std::string out;
  serialize(*packet, out);
  const auto again = wire::parse_startup_packet(std::as_bytes(std::span(out)));
  if (!again || again->parameters != packet->parameters) std::abort();
}

// Wherever the stream is cut: bytes that pass come out once and in order, others do not.
void check_stream(std::string_view bytes, std::size_t piece_size) {
  wire::Framer framer;
  std::string out, wanted;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string piece(rest.substr(0, piece_size));
    rest.remove_prefix(piece.size());
    framer.begin(piece, out);
    for (wire::Header header; framer.header(header);) {
      if (header.length < 4) return framer.end();
      const bool passes = (header.type & 1) != 0;
      if (!passes && !framer.whole(header)) break;
      if (passes) {
        framer.pass(header);
        continue;
      }
      check_frontend(header.type, framer.available(header));
      check_backend(header.type, framer.available(header));
      framer.drop(header);
    }
    framer.end();
  }
  for (std::string_view rest = bytes; rest.size() >= 5;) {
    const std::size_t size = wire::load_u32(rest.data() + 1) + std::size_t{1};
    const bool passes = (rest[0] & 1) != 0;
    if (passes) wanted += rest.substr(0, size);
    if (!passes && size > rest.size()) break;
    rest.remove_prefix(std::min(size, rest.size()));
  }
  if (out != wanted) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_startup(std::as_bytes(std::span(bytes)));
  check_stream(bytes, size == 0 ? 1 : 1 + data[0] % 16);
  check_stream(bytes, 1 << 16);
  if (size == 0) return 0;
  check_frontend(bytes[0], bytes.substr(1));
  check_backend(bytes[0], bytes.substr(1));
  return 0;
}
