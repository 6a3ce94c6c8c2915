#include "proxy/consent/store_rows.h"

#include "proxy/consent/binary_values.h"

namespace pgconsent::consent {

bool StoreRow::read(const StoreTable& table, const HashSecret& secret,
                    std::span<const std::optional<std::string_view>> fields) {
  constexpr std::size_t fixed = 4;
  if (fields.size() != fixed + 4 * table.words || !fields[0]) return false;
  table_ = &table;
  std::optional<SubjectKey> key = key_from_binary(table.key, secret, *fields[0]);
  if (!key) return false;
  key_ = *key;
  restricted_ = fields[1] && *fields[1] != std::string_view("\0", 1);
  since_ = fields[2];
  until_ = fields[3];
  std::size_t at = fixed;
  for (Words* words : {&given_, &limited_, &withdrawn_, &objected_}) {
    words->assign(table.words, 0);
    for (std::uint64_t& word : *words) {
      const auto& field = fields[at++];
      if (!field) continue;
      std::optional<std::int64_t> value = binary_int64(*field);
      if (!value) return false;
      word = static_cast<std::uint64_t>(*value);
    }
  }
  return true;
}

Record StoreRow::restriction() const {
  Record record;
  record.kind = table_->kind;
  record.key = key_;
  record.scope = restriction_scope;
  record.restricted = restricted_;
  return record;
}

bool StoreRow::record(std::size_t pair, Record& record) const {
  const std::size_t word = pair / StoreTable::bits_per_word;
  if (word >= given_.size()) return false;
  auto is_set = [&](const Words& words) {
    return (words[word] >> pair % StoreTable::bits_per_word & 1) != 0;
  };
  record = Record();
  record.kind = table_->kind;
  record.key = key_;
  record.scope = static_cast<Scope>(pair);
  record.given = is_set(given_) || is_set(limited_);
  record.withdrawn = is_set(withdrawn_);
  record.objected = is_set(objected_);
  if (is_set(given_) || !is_set(limited_)) return true;
  std::optional<Time> from, until;
  auto at = [&](std::optional<Time>& time) {
    return [&time, pair](std::int64_t subscript, std::optional<std::string_view> value) {
      if (subscript == static_cast<std::int64_t>(pair) + 1 && value) time = binary_time(*value);
    };
  };
  if (!since_ || !until_ || !read_array(*since_, at(from)) || !read_array(*until_, at(until))) return false;
  if (!from || !until) return false;
  record.valid_from = *from;
  record.valid_until = *until;
  return true;
}

}  // namespace pgconsent::consent
