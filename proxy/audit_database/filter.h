// What a question asks for. Values are compared exactly; tables and columns also by their ends: `email`,
// `users.email`, `public.users.email`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit_database/entry.h"

namespace pgconsent::audit_database {

struct Filter {
  std::string since, until;  // as Entry::time, until is exclusive; empty: unbounded
  std::string role, application, purpose, decision, table, column, database, fingerprint, contains;
  struct Subject {
    std::string kind;
    std::vector<std::uint32_t> numbers;  // any of them
  };
  std::optional<Subject> subject;
};

inline constexpr const char* decisions[] = {"allowed", "masked", "refused", "failed", "exempt"};

// Of the shape alone: times and subjects are not looked at.
bool matches(const Shape& shape, const Filter& filter);
bool is_in_time(std::string_view time, const Filter& filter);
bool is_about(const Outcome& outcome, const Filter::Subject& subject);

// 2026-01-31, 2026-01-31T12:00[:00[.000000]]Z, or how long ago: 30min, 24h, 7d. As Entry::time; nothing when
// it is none of these.
std::optional<std::string> parse_time(std::string_view text, std::chrono::system_clock::time_point now);

}  // namespace pgconsent::audit_database
