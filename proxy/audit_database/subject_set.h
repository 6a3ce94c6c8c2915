// Sets of subject numbers as the log holds them: Roaring bitmaps in the portable format
// (github.com/RoaringBitmap/RoaringFormatSpec), base64. Read here with every length checked: a log may be
// damaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::audit_database {

// RFC 4648 with padding. Nothing when it is something else.
std::optional<std::string> decode_base64(std::string_view text);
// Ascending, each once. Nothing when it is not a bitmap.
std::optional<std::vector<std::uint32_t>> decode_bitmap(std::string_view bytes);

// A union that grows. Numbers are given out in order of need, so they are few and near each other.
class SubjectSet {
 public:
  void add(const std::vector<std::uint32_t>& numbers);
  // Ascending, each once.
  const std::vector<std::uint32_t>& numbers() const;
  std::size_t size() const { return numbers().size(); }

 private:
  void compact() const;

  mutable std::vector<std::uint32_t> numbers_;  // the first `sorted_` are ascending and unique
  mutable std::size_t sorted_ = 0;
};

}  // namespace pgconsent::audit_database
