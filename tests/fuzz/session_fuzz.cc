// A session that is fed arbitrary bytes of client and server. Input: records of one control byte and its
// payload. What must hold whatever comes: nothing is forwarded after the end, protected columns never pass,
// memory stays bounded.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/session/session.h"
#include "proxy/wire/backend/row_description.h"
#include "proxy/wire/framer.h"
#include "tests/unit/session/fakes.h"

namespace {

namespace session = pgconsent::session;
namespace wire = pgconsent::wire;
using pgconsent::session_test::FakeLog;
using pgconsent::session_test::FakePlanner;

// A real start, so that the fuzzer need not find it: authentication, key, ready, and the answer to the state
// query.
void append(std::string& out, char type, std::string_view body) {
  wire::Writer(out, type).bytes(body);
}

std::string opening() {
  using namespace std::string_view_literals;
  std::string out;
  append(out, 'R', "\0\0\0\0"sv);
  append(out, 'K', "\0\0\0\1KEY!"sv);
  append(out, 'Z', "I");
  append(out, '3', "");
  append(out, '1', "");
  append(out, '2', "");
  append(out, 'D',
         "\0\x08\0\0\0\1"
         "1\0\0\0\1"
         "0\0\0\0\1"
         "0\0\0\0\3app\0\0\0\3app\0\0\0\7support\0\0\0\2on\0\0\0\4UTF8"sv);
  append(out, 'D',
         "\0\x08\0\0\0\1"
         "2\0\0\0\1"
         "1\0\0\0\1"
         "0\0\0\0\6public\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv);
  append(out, 'C', "SELECT\0"sv);
  append(out, '3', "");
  append(out, '3', "");
  append(out, 'Z', "I");
  return out;
}

class Run {
 public:
  Run() : session_({}, {wire::protocol_3_0, {{"user", "app"}}}, &planner_, &log_) {
    session_.start(out_);
    look();
  }

  void server(std::string_view bytes) { after(session_.on_server(as_bytes(bytes), out_)); }
  void client(std::string_view bytes) {
    if (!session_.wants_client_input() && bytes.size() > 16) return;
    after(session_.on_client(as_bytes(bytes), out_));
  }
  void event(std::uint8_t which) {
    if (which == 0) after(session_.on_catalog(out_));
    if (which == 1) log_.writable = !log_.writable;
    if (which == 2) ++planner_.catalog_version;
    if (which == 3) session_.terminate("stop", out_);
    if (which == 4) after(session_.on_server_eof(out_));
    if (which == 5) after(session_.on_client_eof(out_));
    session_.is_idle();
    look();
  }

 private:
  static std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

  void after(session::Action action) {
    if (closed_ && action != session::Action::close) std::abort();
    if (closed_ && (!out_.to_client.empty() || !out_.to_server.empty())) std::abort();
    closed_ |= action == session::Action::close;
    look();
  }

  // A protected column arrives only where a plan allowed it (100.2) or stands in for it (100.3).
  void look() {
    seen_.begin(out_.to_client, sink_);
    for (wire::Header header; seen_.header(header) && header.length >= 4;) {
      if (header.type == 'T' && !seen_.whole(header)) break;
      wire::backend::RowDescription description;
      if (header.type == 'T' && parse(seen_.available(header), description)) {
        for (const auto& column : description.columns) {
          if (column.table == 100 && column.attnum == 2 && !raw_allowed) std::abort();
          if (column.table == 100 && column.attnum == 3 && !masked) std::abort();
        }
      }
      seen_.drop(header);
    }
    seen_.end();
    out_ = {};
    sink_.clear();
  }

 public:
  bool raw_allowed = false, masked = false;

 private:
  FakePlanner planner_;
  FakeLog log_;
  session::Session session_;
  session::Output out_;
  wire::Framer seen_;
  std::string sink_;
  bool closed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  Run run;
  run.raw_allowed = input.find("clear") != input.npos || input.find("prepare") != input.npos;
  run.masked = input.find("secret") != input.npos || input.find("value") != input.npos;
  static const std::string open = opening();
  if (input[0] & 1) run.server(open);
  input.remove_prefix(1);
  while (input.size() >= 2) {
    const auto control = static_cast<std::uint8_t>(input[0]);
    const std::size_t length = static_cast<std::uint8_t>(input[1]);
    input.remove_prefix(2);
    const auto payload = input.substr(0, length);
    input.remove_prefix(payload.size());
    // Well-formed messages are made of a type byte and a body, so that lengths need not be guessed.
    std::string message;
    if (!payload.empty()) append(message, payload[0], payload.substr(1));
    switch (control % 5) {
      case 0:
        run.client(payload);
        break;
      case 1:
        run.server(payload);
        break;
      case 2:
        run.client(message);
        break;
      case 3:
        run.server(message);
        break;
      default:
        run.event(control / 5 % 8);
    }
  }
  return 0;
}
