// The built-in store's compiled rows (proxy/consent/store): one per subject, a bit per pair of purpose and
// category in 63 bits a word; what is limited in time has its window in the arrays `since` and `until` at the
// pair's place.
#pragma once

#include <bit>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "proxy/consent/pg_connection.h"
#include "proxy/consent/record.h"

namespace pgconsent::consent {

// Scopes are the numbers of pairs; the restriction of a subject has this one.
constexpr Scope restriction_scope = 0xffff;

// A kind of subject's compiled table.
struct StoreTable {
  KindNumber kind = 0;
  KeyType key = KeyType::integer;
  std::string name;     // of the kind
  std::string columns;  // a select list, see row_fields
  std::size_t words = 0;
  static constexpr std::size_t bits_per_word = 63;
};

class StoreRow {
 public:
  // In binary: subject, restricted, since, until, then the words of given, limited, withdrawn and objected.
  // False when a field is not what it should be. REQUIRES: the fields live as long as the row.
  bool read(const StoreTable& table, const HashSecret& secret,
            std::span<const std::optional<std::string_view>> fields);

  Record restriction() const;
  // What holds of one pair. False: it is beyond the table's words, or its window is missing.
  bool record(std::size_t pair, Record& record) const;
  // Pairs of which anything holds.
  template <class Visit>
  bool each_set(Visit visit) const {
    for (std::size_t word = 0; word < given_.size(); ++word) {
      std::uint64_t any = given_[word] | limited_[word] | withdrawn_[word] | objected_[word];
      for (; any != 0; any &= any - 1) {
        if (!visit(word * StoreTable::bits_per_word + static_cast<std::size_t>(std::countr_zero(any))))
          return false;
      }
    }
    return true;
  }
  bool is_restricted() const { return restricted_; }

 private:
  using Words = std::vector<std::uint64_t>;

  const StoreTable* table_ = nullptr;
  SubjectKey key_;
  bool restricted_ = false;
  std::optional<std::string_view> since_, until_;
  Words given_, limited_, withdrawn_, objected_;
};

}  // namespace pgconsent::consent
