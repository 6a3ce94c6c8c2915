// Whose data do the rows of a statement show, and where can that be read? For the audit: nothing is decided
// by it. What can't be told is said to be unknown; a subject is rather listed once too often.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parser/names/identifier.h"

namespace pgconsent::enforce {

struct Disclosure {
  enum class From : std::uint8_t {
    column,     // a result column, from 0
    parameter,  // $n, from 1
    constant,   // of `constants`
    nowhere,
  };
  // One of the subjects of a range table entry's rows.
  struct Subject {
    std::uint32_t kind = 0;  // of `kinds`
    From from = From::nowhere;
    std::uint32_t index = 0;
    parser::Oid type = 0;  // of the key column
    bool operator==(const Subject&) const = default;
  };
  // A range table entry of which something that is not public may show.
  struct Entry {
    std::vector<Subject> subjects;
    // Result columns with all of it, each masked with NULL: in a row where all are NULL, nothing shows.
    std::vector<std::uint32_t> nulls;
    bool operator==(const Entry&) const = default;
  };
  enum class Copy : std::uint8_t { none, text, csv, binary, other };

  std::vector<std::string> kinds;
  std::vector<Entry> entries;
  std::vector<std::string> constants;  // keys as the client gave them, without quotes
  std::vector<std::uint32_t> others;   // kinds of which others may show, too, whatever the rows hold
  // Cells of each row that are masked for everybody; and result columns that hold NULL exactly where they are
  // masked. Empty and 0, and not `counts_cells`: not known.
  bool counts_cells = false;
  std::uint32_t masked_cells = 0;
  std::vector<std::uint32_t> masked_nulls;
  Copy copy = Copy::none;
  bool copy_header = false;
  bool operator==(const Disclosure&) const = default;

  std::uint32_t kind(std::string_view name);  // adds it
  void add_other(std::uint32_t kind);         // once
};
using DisclosurePtr = std::shared_ptr<const Disclosure>;

// The same where the rows go into a table: whose they are can't be read.
DisclosurePtr moved(const Disclosure& shown);

// A key that the client gave, as the server would print the column's value: 0042 and ' 42' are 42 for
// integers. Empty where that is not known.
std::string printed_key(parser::Oid type, std::string_view given);

}  // namespace pgconsent::enforce
