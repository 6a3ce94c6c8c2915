#include "proxy/audit_database/subject_set.h"

#include <algorithm>
#include <array>

namespace pgconsent::audit_database {

namespace {

constexpr std::uint32_t cookie_without_runs = 12346, cookie_with_runs = 12347;
constexpr std::uint32_t fewest_with_offsets = 4, most_in_array = 4096, bitset_bytes = 8192;

// Little-endian numbers, with a sticky error.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}
  std::string_view take(std::size_t n) {
    if (rest_.size() < n) {
      failed_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  std::uint32_t number(std::size_t n) {
    std::uint32_t value = 0;
    const std::string_view bytes = take(n);
    for (std::size_t i = 0; i < bytes.size(); ++i)
      value |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    return value;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

struct Container {
  std::uint32_t high = 0, cardinality = 0;
  bool runs = false;
};

// Each appends what a container holds; the caller checks order and count.
void read_runs(Bytes& in, std::uint32_t high, std::vector<std::uint32_t>& out) {
  const std::uint32_t runs = in.number(2);
  for (std::uint32_t i = 0; i < runs && !in.failed(); ++i) {
    const std::uint32_t first = in.number(2), more = in.number(2);
    for (std::uint32_t n = first; n <= std::min(first + more, 0xffffu); ++n) out.push_back(high | n);
  }
}

void read_array(Bytes& in, const Container& container, std::vector<std::uint32_t>& out) {
  for (std::uint32_t i = 0; i < container.cardinality && !in.failed(); ++i)
    out.push_back(container.high | in.number(2));
}

void read_bitset(Bytes& in, std::uint32_t high, std::vector<std::uint32_t>& out) {
  const std::string_view bits = in.take(bitset_bytes);
  for (std::uint32_t i = 0; i < bits.size(); ++i) {
    for (unsigned byte = static_cast<unsigned char>(bits[i]), b = 0; byte != 0; byte >>= 1, ++b) {
      if ((byte & 1) != 0) out.push_back(high | (i * 8 + b));
    }
  }
}

bool read_container(Bytes& in, const Container& container, std::vector<std::uint32_t>& out) {
  const std::size_t before = out.size();
  if (container.runs) {
    read_runs(in, container.high, out);
  } else if (container.cardinality <= most_in_array) {
    read_array(in, container, out);
  } else {
    read_bitset(in, container.high, out);
  }
  if (in.failed() || out.size() - before != container.cardinality) return false;
  const std::size_t from = before == 0 ? 1 : before;
  for (std::size_t i = from; i < out.size(); ++i) {
    if (out[i] <= out[i - 1]) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  static constexpr auto values = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < alphabet.size(); ++i)
      table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return table;
  }();
  if (text.size() % 4 != 0) return {};
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool padded = i >= text.size() - padding;
    const std::int8_t value = padded ? std::int8_t{0} : values[static_cast<unsigned char>(text[i])];
    if (value < 0) return {};
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (i % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8) out.push_back(static_cast<char>(bits >> shift & 0xff));
    bits = 0;
  }
  out.resize(out.size() - padding);
  return out;
}

std::optional<std::vector<std::uint32_t>> decode_bitmap(std::string_view bytes) {
  Bytes in(bytes);
  const std::uint32_t cookie = in.number(4);
  const bool with_runs = (cookie & 0xffff) == cookie_with_runs;
  if (!with_runs && cookie != cookie_without_runs) return {};
  const std::uint32_t count = with_runs ? (cookie >> 16) + 1 : in.number(4);
  if (in.failed() || count > 65536) return {};
  const std::string_view run_flags = with_runs ? in.take((count + 7) / 8) : std::string_view{};
  if (in.failed()) return {};
  std::vector<Container> containers(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    containers[i].high = in.number(2) << 16;
    containers[i].cardinality = in.number(2) + 1;
    containers[i].runs = with_runs && (static_cast<unsigned char>(run_flags[i / 8]) >> (i % 8) & 1) != 0;
  }
  if (!with_runs || count >= fewest_with_offsets) in.take(std::size_t{4} * count);
  std::vector<std::uint32_t> out;
  for (const Container& container : containers) {
    if (in.failed() || !read_container(in, container, out)) return {};
  }
  if (in.failed() || !in.at_end()) return {};
  return out;
}

void SubjectSet::add(const std::vector<std::uint32_t>& numbers) {
  numbers_.insert(numbers_.end(), numbers.begin(), numbers.end());
  if (numbers_.size() > 2 * sorted_ + 4096) compact();
}

const std::vector<std::uint32_t>& SubjectSet::numbers() const {
  compact();
  return numbers_;
}

void SubjectSet::compact() const {
  if (sorted_ == numbers_.size()) return;
  const auto middle = numbers_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  std::sort(middle, numbers_.end());
  std::inplace_merge(numbers_.begin(), middle, numbers_.end());
  numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
  sorted_ = numbers_.size();
}

}  // namespace pgconsent::audit_database
