// pgconsent.yaml: any bytes give a configuration or diagnostics, never a crash and never both.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxy/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto result = pgconsent::config::parse_config(text, "/nonexistent", "fuzz");
  if ((result.config == nullptr) != pgconsent::rules::has_errors(result.diagnostics)) std::abort();
  for (const auto& diagnostic : result.diagnostics) {
    if (pgconsent::rules::to_string(diagnostic).empty()) std::abort();
  }
  return 0;
}
