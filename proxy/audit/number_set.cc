#include "proxy/audit/number_set.h"

#include <roaring/roaring.h>

#include <algorithm>
#include <bit>

namespace pgconsent::audit {

namespace {

template <typename Number>
void append_little_endian(std::string& out, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out.push_back(static_cast<char>(value >> 8 * i & 0xff));
}

constexpr std::uint16_t upper(std::uint32_t number) {
  return static_cast<std::uint16_t>(number >> 16);
}

}  // namespace

void NumberSet::clear() {
  list_.clear();
  chunks_.clear();
}

void NumberSet::add_bit(std::uint32_t number) {
  const std::size_t index = upper(number);
  if (index >= chunks_.size()) chunks_.resize(index + 1);
  if (chunks_[index] == nullptr) chunks_[index] = std::make_unique<Chunk>();
  const std::uint32_t low = number & 0xffff;
  (*chunks_[index])[low >> 6] |= std::uint64_t{1} << (low & 63);
}

// Few numbers, which is what most statements have: containers of the array kind alone, without CRoaring's
// allocations.
void NumberSet::serialize_list(std::string& out) {
  std::sort(list_.begin(), list_.end());
  list_.erase(std::unique(list_.begin(), list_.end()), list_.end());
  constexpr std::uint32_t no_runs = 12346;
  const auto ends = [&](std::size_t i) {
    return i + 1 == list_.size() || upper(list_[i]) != upper(list_[i + 1]);
  };
  std::uint32_t containers = 0;
  for (std::size_t i = 0; i < list_.size(); ++i) containers += ends(i);
  append_little_endian(out, no_runs);
  append_little_endian(out, containers);
  std::uint32_t size = 0;
  for (std::size_t i = 0; i < list_.size(); ++i, ++size) {
    if (!ends(i)) continue;
    append_little_endian(out, upper(list_[i]));
    append_little_endian(out, static_cast<std::uint16_t>(size));  // minus one
    size = ~0u;
  }
  std::uint32_t offset = 8 + 8 * containers;
  size = 0;
  for (std::size_t i = 0; i < list_.size(); ++i) {
    if (i == 0 || upper(list_[i]) != upper(list_[i - 1])) append_little_endian(out, offset);
    offset += 2;
  }
  for (std::uint32_t number : list_) append_little_endian(out, static_cast<std::uint16_t>(number & 0xffff));
}

void NumberSet::serialize(std::string& out) {
  if (chunks_.empty()) return serialize_list(out);
  roaring_bitmap_t* bitmap = roaring_bitmap_create();
  if (bitmap == nullptr) throw std::bad_alloc();
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    if (chunks_[i] == nullptr) continue;
    numbers.clear();
    for (std::size_t word = 0; word < chunks_[i]->size(); ++word) {
      for (std::uint64_t bits = (*chunks_[i])[word]; bits != 0; bits &= bits - 1) {
        numbers.push_back(static_cast<std::uint32_t>(i << 16 | word << 6 | std::countr_zero(bits)));
      }
    }
    roaring_bitmap_add_many(bitmap, numbers.size(), numbers.data());
  }
  roaring_bitmap_add_many(bitmap, list_.size(), list_.data());
  roaring_bitmap_run_optimize(bitmap);
  const std::size_t start = out.size();
  out.resize(start + roaring_bitmap_portable_size_in_bytes(bitmap));
  roaring_bitmap_portable_serialize(bitmap, out.data() + start);
  roaring_bitmap_free(bitmap);
}

}  // namespace pgconsent::audit
