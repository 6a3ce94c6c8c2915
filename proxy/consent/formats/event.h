// A consent event as text, as people, files and the command line write it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pgconsent::consent {

// The fields of pgconsent.event_input after `line`, in its order. Recipients are separated by `|`.
inline constexpr std::array<std::string_view, 17> event_fields{
    "event_type",     "subject_kind", "subject",      "purpose",    "category",   "occurred_at",
    "valid_from",     "valid_until",  "lawful_basis", "controller", "recipients", "notice",
    "notice_version", "jurisdiction", "actor",        "method",     "evidence"};

struct Event {
  std::array<std::optional<std::string>, event_fields.size()> values;
  // Null for an unknown name.
  std::optional<std::string>* field(std::string_view name);
  std::string get(std::string_view name) const;  // empty: absent
};

inline constexpr std::size_t longest_text = 10000;  // bytes of a field

// What is wrong with a value before the database sees it; empty: nothing. Times are ISO 8601 with a zone, or
// a date (UTC).
std::string value_problem(std::string_view field, std::string_view value);

// Event types of systems that say again what holds: kind.sql tells what they do. No file names them.
inline constexpr const char give_if_new[] = "give_if_new", refuse_if_new[] = "refuse_if_new",
                            object_if_new[] = "object_if_new", lift_if_own[] = "lift_if_own",
                            withdraw_if_given[] = "withdraw_if_given",
                            restrict_if_free[] = "restrict_if_free";

// Sets a field unless the value is empty. The problem with it, or empty.
std::string set_field(Event& event, std::string_view name, std::string value);

std::string csv_field(std::string_view value);  // quoted where it must be

}  // namespace pgconsent::consent
