#include "proxy/cli_commands.h"

#include <fmt/format.h>

namespace pgconsent {

int fail(int status, std::string_view why, std::string_view hint) {
  // Errors made for clients begin with the name already.
  const char* name = why.starts_with("pgconsent: ") ? "" : "pgconsent: ";
  const char *before = hint.empty() ? "" : " (", *behind = hint.empty() ? "" : ")";
  fmt::print(stderr, "{}{}{}{}{}\n", name, why, before, hint, behind);
  return status;
}

}  // namespace pgconsent
