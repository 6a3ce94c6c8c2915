#include "proxy/consent/formats/tc_string.h"

#include <fmt/format.h>

#include <chrono>
#include <vector>

namespace pgconsent::consent {

namespace {

// Six bits a character, without padding.
bool decode_base64url(std::string_view text, std::vector<bool>& bits) {
  for (char c : text) {
    int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '-'             ? 62
                : c == '_'             ? 63
                                       : -1;
    if (value < 0) return false;
    for (int bit = 5; bit >= 0; --bit) bits.push_back((value >> bit & 1) != 0);
  }
  return true;
}

// Reads past the end are zero, and told afterwards.
class BitReader {
 public:
  explicit BitReader(const std::vector<bool>& bits) : bits_(bits) {}

  std::int64_t number(int width) {
    std::int64_t value = 0;
    for (int i = 0; i < width; ++i, ++at_) {
      overrun_ = overrun_ || at_ >= bits_.size();
      value = value << 1 | static_cast<std::int64_t>(at_ < bits_.size() && bits_[at_]);
    }
    return value;
  }
  // Purpose 1 comes first.
  std::uint32_t purposes() {
    std::uint32_t mask = 0;
    for (int i = 0; i < 24; ++i) mask |= static_cast<std::uint32_t>(number(1)) << i;
    return mask;
  }
  // Two letters, A is 0.
  bool letters() { return number(6) < 26 && number(6) < 26; }
  bool overrun() const { return overrun_; }

 private:
  const std::vector<bool>& bits_;
  std::size_t at_ = 0;
  bool overrun_ = false;
};

// A list of ranges of vendors: whether the vendor is in it. Nothing when it is malformed.
struct Listed {
  bool in = false, malformed = false;
};
Listed read_ranges(BitReader& bits, int vendor) {
  Listed listed;
  for (std::int64_t left = bits.number(12); left > 0 && !bits.overrun(); --left) {
    const bool is_range = bits.number(1) == 1;
    const std::int64_t first = bits.number(16), last = is_range ? bits.number(16) : first;
    listed.malformed = listed.malformed || first == 0 || last < first;
    listed.in = listed.in || (vendor >= first && vendor <= last);
  }
  return listed;
}

Listed read_vendors(BitReader& bits, int vendor) {
  const std::int64_t most = bits.number(16);
  if (bits.number(1) == 1) return read_ranges(bits, vendor);
  Listed listed;
  for (std::int64_t id = 1; id <= most && !bits.overrun(); ++id)
    listed.in = bits.number(1) == 1 ? listed.in || id == vendor : listed.in;
  return listed;
}

// The publisher's restrictions on the vendor, applied to what the string says of its purposes.
bool read_restrictions(BitReader& bits, int vendor, TcString& out) {
  for (std::int64_t left = bits.number(12); left > 0 && !bits.overrun(); --left) {
    const std::int64_t purpose = bits.number(6), type = bits.number(2);
    const Listed listed = read_ranges(bits, vendor);
    if (listed.malformed || purpose < 1 || purpose > 24) return false;
    if (vendor == 0 || !listed.in) continue;
    const std::uint32_t others = ~(std::uint32_t{1} << (purpose - 1));
    // 0: not allowed at all. 1: only with consent. 2: only on legitimate interests. 3: undefined
    if (type != 1) out.consents &= others;
    if (type != 2) out.interests &= others;
  }
  return true;
}

std::string parse_core(BitReader& bits, int vendor, TcString& out) {
  if (const std::int64_t version = bits.number(6); version != 2)
    return fmt::format("version {} of the TC string, not 2", version);
  out.created = bits.number(36);
  out.updated = bits.number(36);
  out.cmp = static_cast<int>(bits.number(12));
  bits.number(12 + 6);  // the CMP's version, the screen
  bool letters = bits.letters();
  out.vendor_list = static_cast<int>(bits.number(12));
  out.policy = static_cast<int>(bits.number(6));
  bits.number(1 + 1 + 12);  // service-specific, own texts, special features
  out.consents = bits.purposes();
  out.interests = bits.purposes();
  bits.number(1);  // whether purpose 1 was asked
  letters = bits.letters() && letters;
  const Listed consent = read_vendors(bits, vendor), interest = read_vendors(bits, vendor);
  const bool restrictions = read_restrictions(bits, vendor, out);
  if (bits.overrun()) return "the TC string is cut short";
  if (!letters) return "the TC string's language or country is not two letters";
  if (consent.malformed || interest.malformed || !restrictions)
    return "the TC string's vendors are malformed";
  if (out.updated < out.created) return "the TC string was updated before it was created";
  if (vendor != 0 && !consent.in) out.consents = 0;
  if (vendor != 0 && !interest.in) out.interests = 0;
  return {};
}

}  // namespace

std::string parse_tc_string(std::string_view text, int vendor, TcString& out) {
  unsigned seen = 0;
  const std::size_t end = std::min(text.size(), text.find('.'));
  std::vector<bool> core;
  if (!decode_base64url(text.substr(0, end), core) || core.empty()) return "not a TC string (base64url)";
  // Disclosed vendors (1), allowed vendors (2), the publisher's own purposes (3): not needed, but they must
  // be sound.
  for (std::size_t at = end; at < text.size();) {
    const std::size_t next = std::min(text.size(), text.find('.', at + 1));
    std::vector<bool> segment;
    if (!decode_base64url(text.substr(at + 1, next - at - 1), segment)) return "not a TC string (base64url)";
    const auto type = static_cast<unsigned>(BitReader(segment).number(3));
    if (segment.empty() || type < 1 || type > 3 || (seen >> type & 1) != 0)
      return "a segment of the TC string is malformed";
    seen |= 1U << type;
    at = next;
  }
  BitReader bits(core);
  TcString read;
  std::string problem = parse_core(bits, vendor, read);
  if (problem.empty()) out = read;
  return problem;
}

std::string time_of_tenths(std::int64_t tenths) {
  using namespace std::chrono;
  const seconds all(tenths / 10);
  const days day = floor<days>(all);
  const year_month_day date{sys_days(day)};
  const hh_mm_ss time(all - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(), tenths % 10);
}

}  // namespace pgconsent::consent
