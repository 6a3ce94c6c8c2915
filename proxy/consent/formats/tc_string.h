// The core segment of a TC string: version 2 of the IAB's Transparency & Consent Framework ("Consent string
// and vendor list formats v2"). Private to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgconsent::consent {

struct TcString {
  std::int64_t created = 0, updated = 0;  // tenths of a second since 1970
  int cmp = 0, vendor_list = 0, policy = 0;
  std::uint32_t consents = 0, interests = 0;  // bit n - 1: purpose n
};

// What is wrong with it; empty: nothing, and `out` is set. With a vendor (not 0) what the purposes' bits say
// counts only as far as the vendor has its own bits and the publisher's restrictions leave it.
std::string parse_tc_string(std::string_view text, int vendor, TcString& out);

// 2026-01-31T12:00:00.1Z
std::string time_of_tenths(std::int64_t tenths);

}  // namespace pgconsent::consent
