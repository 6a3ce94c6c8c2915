#include "proxy/audit_database/batch.h"

#include <algorithm>

#include "proxy/audit_database/connection.h"

namespace pgconsent::audit_database {

namespace {

constexpr const char* hex_digits = "0123456789abcdef";

// One row of COPY's text format.
class CopyRow {
 public:
  explicit CopyRow(std::string& out) : out_(out) {}
  ~CopyRow() { out_.push_back('\n'); }
  CopyRow(const CopyRow&) = delete;
  CopyRow& operator=(const CopyRow&) = delete;

  CopyRow& text(std::string_view value) {
    next();
    append_copy_text(out_, value);
    return *this;
  }
  CopyRow& number(std::uint64_t value) {
    next();
    out_.append(std::to_string(value));
    return *this;
  }
  CopyRow& number(const std::optional<std::uint64_t>& value) { return value ? number(*value) : null(); }
  CopyRow& bytes(std::string_view hex) {
    next();
    out_.append("\\\\x").append(hex);
    return *this;
  }
  CopyRow& null() {
    next();
    out_.append("\\N");
    return *this;
  }

 private:
  void next() {
    if (!first_) out_.push_back('\t');
    first_ = false;
  }
  std::string& out_;
  bool first_ = true;
};

std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(2 * bytes.size());
  for (unsigned char byte : bytes) {
    out.push_back(hex_digits[byte >> 4]);
    out.push_back(hex_digits[byte & 15]);
  }
  return out;
}

std::string hour_of(std::string_view time) {
  return std::string(time.substr(0, 13)) + ":00:00Z";
}
std::string month_of(std::string_view time) {
  return std::string(time.substr(0, 7)) + "-01";
}

}  // namespace

Batch::Activity& Batch::activity_of(std::string_view time, int shape) {
  return activity[{hour_of(time), shape}];
}

void Batch::add_record(const audit::Line& line, const RecordFields& fields, int shape) {
  CopyRow(tables[record].rows)
      .text(line.time)
      .number(line.id)
      .number(fields.session)
      .text(fields.client)
      .number(static_cast<std::uint64_t>(shape))
      .number(fields.catalog)
      .number(fields.duration_us)
      .bytes(line.hash);
  ++activity_of(line.time, shape).statements;
  const std::string time(line.time);
  auto [use, added] = shapes.try_emplace(shape, ShapeUse{0, time, time});
  ++use->second.records;
  use->second.first = std::min(use->second.first, time);
  use->second.last = std::max(use->second.last, time);
  months.insert(month_of(time));
  ++lines;
  bytes += line.text.size();
}

void Batch::add_outcome(const audit::Line& line, const Outcome& ended, const RecordPlace& place) {
  std::vector<std::string> kinds, counts, sets;
  for (const Outcome::Subjects& each : ended.subjects) {
    kinds.push_back(each.kind);
    counts.push_back(std::to_string(each.numbers.size()));
    sets.push_back("\\x" + hex(each.bitmap));
    add_disclosures(line.outcome_of, place.time, each);
  }
  CopyRow row(tables[outcome].rows);
  row.text(place.time).number(line.outcome_of).text(line.time).number(line.id);
  row.number(ended.rows).number(ended.cells_masked).number(ended.server_us);
  ended.sqlstate.empty() ? row.null() : row.text(ended.sqlstate);
  for (const auto* list : {&kinds, &counts, &sets})
    ended.subjects_known ? row.text(array_literal(*list)) : row.null();
  ended.subjects_unknown.empty() ? row.null() : row.text(array_literal(ended.subjects_unknown));
  row.bytes(line.hash);
  months.insert(month_of(place.time));
  if (place.shape != 0) {
    Activity& sum = activity_of(place.time, place.shape);
    sum.rows += ended.rows.value_or(0);
    sum.cells_masked += ended.cells_masked.value_or(0);
    sum.failed += ended.sqlstate.empty() ? 0 : 1;
  }
  ++lines;
  bytes += line.text.size();
}

void Batch::add_log_line(const audit::Line& line) {
  CopyRow(tables[log_line].rows).number(line.id).text(line.time).text(line.fields).bytes(line.hash);
  ++lines;
  bytes += line.text.size();
}

void Batch::add_disclosures(std::uint64_t record, const std::string& time,
                            const Outcome::Subjects& subjects) {
  const auto& numbers = subjects.numbers;
  if (numbers.size() <= most_single_subjects) {
    for (std::uint32_t number : numbers)
      CopyRow(tables[disclosure].rows)
          .text(subjects.kind)
          .number(std::uint64_t{number})
          .text(time)
          .number(record);
    return;
  }
  const std::uint32_t* const end = numbers.data() + numbers.size();
  for (const std::uint32_t* from = numbers.data(); from != end;) {
    const std::uint32_t chunk = *from / subjects_in_chunk;
    const std::uint32_t* to =
        std::find_if(from, end, [&](std::uint32_t n) { return n / subjects_in_chunk != chunk; });
    add_chunk(record, time, subjects.kind, from, to);
    from = to;
  }
}

// As offsets of two bytes or as bits, what is shorter.
void Batch::add_chunk(std::uint64_t record, const std::string& time, const std::string& kind,
                      const std::uint32_t* begin, const std::uint32_t* end) {
  CopyRow row(tables[disclosure_set].rows);
  row.text(kind).number(std::uint64_t{*begin / subjects_in_chunk}).text(time).number(record);
  const std::size_t bit_bytes = *(end - 1) % subjects_in_chunk / 8 + 1;
  if (static_cast<std::size_t>(end - begin) * 2 < bit_bytes) {
    std::string offsets = "{";
    for (const std::uint32_t* n = begin; n != end; ++n)
      offsets.append(n == begin ? "" : ",").append(std::to_string(*n % subjects_in_chunk));
    row.text(offsets + "}").null();
    return;
  }
  std::string bits(bit_bytes, '\0');
  for (const std::uint32_t* n = begin; n != end; ++n) {
    const std::uint32_t at = *n % subjects_in_chunk;
    bits[at / 8] = static_cast<char>(static_cast<unsigned char>(bits[at / 8]) | 1u << (at % 8));
  }
  row.null().bytes(hex(bits));
}

}  // namespace pgconsent::audit_database
