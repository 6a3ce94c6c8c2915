// Messages as lines of text, for scripts: `Q "select 1"`, `D "1" NULL`, `E ERROR 42501 "no" D="why"`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::session_test {

// The words of a line; quoted words lose their quotes, \n \" \\ \0 are escapes. `quoted` words keep their
// place.
std::vector<std::string> split_words(std::string_view line);

// Throw std::runtime_error with the line when it is not a message.
std::string frontend_bytes(std::string_view line);
std::string backend_bytes(std::string_view line);

// The messages in `bytes`, one line each; what is incomplete comes as "…incomplete".
std::vector<std::string> frontend_lines(std::string_view bytes);
std::vector<std::string> backend_lines(std::string_view bytes);

}  // namespace pgconsent::session_test
