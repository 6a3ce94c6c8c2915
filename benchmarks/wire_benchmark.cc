// The framer over a result as the server sends it: every message's header is looked at, all bytes pass.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "proxy/wire/backend/data_row.h"
#include "proxy/wire/framer.h"

namespace {

namespace wire = pgconsent::wire;

constexpr std::size_t stream_bytes = std::size_t{4} << 20;

std::string data_rows(std::size_t value_bytes) {
  const std::string value(value_bytes, 'x');
  wire::backend::DataRow row;
  row.values = {value, std::nullopt, value, value};
  std::string stream;
  while (stream.size() < stream_bytes) wire::backend::serialize(row, stream);
  return stream;
}

// range(0): bytes in each of three values; range(1): bytes per read from the socket.
void framer_data_rows(benchmark::State& state) {
  const std::string stream = data_rows(static_cast<std::size_t>(state.range(0)));
  const auto piece = static_cast<std::size_t>(state.range(1));
  wire::Framer framer;
  std::string sink;
  std::size_t passed = 0;
  for (auto _ : state) {
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      framer.begin(std::string_view(stream).substr(at, piece), sink);
      wire::Header header;
      while (framer.header(header)) framer.pass(header);
      framer.end();
      passed += sink.size();
      benchmark::DoNotOptimize(sink.data());
      sink.clear();
    }
  }
  if (passed != stream.size() * state.iterations()) state.SkipWithError("bytes were lost");
  state.SetBytesProcessed(static_cast<std::int64_t>(passed));
}
BENCHMARK(framer_data_rows)->ArgsProduct({{10, 100, 10'000}, {8 << 10, 64 << 10}});

// What reading every row's fields would cost on top.
void parse_data_row(benchmark::State& state) {
  const std::string stream = data_rows(static_cast<std::size_t>(state.range(0)));
  const auto length = wire::load_u32(stream.data() + 1);
  const std::string_view body = std::string_view(stream).substr(wire::Framer::header_size, length - 4);
  wire::backend::DataRow row;
  for (auto _ : state) {
    if (!wire::backend::parse(body, row)) state.SkipWithError("not a DataRow");
    benchmark::DoNotOptimize(row.values.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}
BENCHMARK(parse_data_row)->Arg(10)->Arg(100);

}  // namespace
