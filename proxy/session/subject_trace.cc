#include "proxy/session/subject_trace.h"

#include <algorithm>

#include "parser/names/ascii.h"
#include "parser/names/type_oids.h"

namespace pgconsent::session {

using enforce::Disclosure;
using From = Disclosure::From;

namespace {

std::string_view unpadded(std::uint32_t type, std::string_view text) {
  while (type == parser::bpchar_oid && text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool SubjectTrace::is_binary(std::uint32_t column) const {
  if (disclosure_->copy != Disclosure::Copy::none) return disclosure_->copy == Disclosure::Copy::binary;
  const auto& formats = *source_.formats;
  if (formats.size() == 1) return formats[0] != 0;
  return column < formats.size() && formats[column] != 0;
}

std::size_t SubjectTrace::want(std::uint32_t column) {
  const auto known =
      std::find_if(wanted_.begin(), wanted_.end(), [&](const Wanted& w) { return w.column == column; });
  if (known != wanted_.end()) return static_cast<std::size_t>(known - wanted_.begin());
  wanted_.push_back({column});
  return wanted_.size() - 1;
}

void SubjectTrace::begin(const Disclosure& disclosure, const Source& source) {
  disclosure_ = &disclosure;
  source_ = source;
  wanted_.clear();
  masked_.clear();
  kinds_.resize(directory_ != nullptr ? disclosure.kinds.size() : 0);
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    kinds_[i].id = directory_->kind(disclosure.kinds[i]);
    kinds_[i].unknown = false;
    kinds_[i].numbers.clear();
  }
  entries_.resize(directory_ != nullptr ? disclosure.entries.size() : 0);
  header_ = disclosure.copy_header;
  lost_rows_ = false;
  masked_nulls_ = 0;
  for (std::uint32_t column : disclosure.masked_nulls) masked_.push_back(want(column));
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    entry.keys.clear();
    entry.nulls.clear();
    entry.shown = false;
    for (const Disclosure::Subject& subject : disclosure.entries[i].subjects) {
      if (subject.from != From::column) continue;
      if (!source.formats && disclosure.copy == Disclosure::Copy::none) {
        kinds_[subject.kind].unknown = true;
        continue;
      }
      entry.keys.push_back({subject.kind, want(subject.index), is_binary(subject.index), subject.type});
    }
    for (std::uint32_t column : disclosure.entries[i].nulls) entry.nulls.push_back(want(column));
  }
  sort_wanted();
}

// Rows are read from front to back.
void SubjectTrace::sort_wanted() {
  if (std::is_sorted(wanted_.begin(), wanted_.end(),
                     [](const Wanted& a, const Wanted& b) { return a.column < b.column; }))
    return;
  const std::vector<Wanted> before = wanted_;
  std::sort(wanted_.begin(), wanted_.end(),
            [](const Wanted& a, const Wanted& b) { return a.column < b.column; });
  const auto move = [&](std::size_t& index) {
    const auto at = std::find_if(wanted_.begin(), wanted_.end(),
                                 [&](const Wanted& w) { return w.column == before[index].column; });
    index = static_cast<std::size_t>(at - wanted_.begin());
  };
  for (std::size_t& index : masked_) move(index);
  for (Entry& entry : entries_) {
    for (Key& key : entry.keys) move(key.wanted);
    for (std::size_t& index : entry.nulls) move(index);
  }
}

void SubjectTrace::lose_row() {
  lost_rows_ = true;
}

bool SubjectTrace::row(char type, std::string_view body, bool whole) {
  const bool copies = disclosure_->copy != Disclosure::Copy::none;
  if (copies != (type == 'd')) {
    lose_row();
    return true;
  }
  skips_ = false;
  const std::optional<bool> read = copies ? read_copy(body, whole) : read_cells(body, whole);
  if (!read) return false;
  if (!skips_) *read ? take() : lose_row();
  return true;
}

void SubjectTrace::take() {
  for (const std::size_t index : masked_) masked_nulls_ += !wanted_[index].value;
  for (Entry& entry : entries_) {
    if (!entry.nulls.empty() && std::none_of(entry.nulls.begin(), entry.nulls.end(), [&](std::size_t index) {
          return wanted_[index].value.has_value();
        })) {
      continue;
    }
    entry.shown = true;
    for (const Key& key : entry.keys) {
      const auto& value = wanted_[key.wanted].value;
      if (!value) continue;  // no row of it (an outer join), or a row without subject
      add(key.kind,
          key.binary ? audit::key_of_binary(key.type, *value, scratch_)
                     : audit::key_of_text(unpadded(key.type, plain(*value)), scratch_),
          *value);
    }
  }
}

void SubjectTrace::add(std::uint32_t kind, const std::optional<audit::SubjectKey>& key,
                       std::string_view bytes) {
  Kind& of = kinds_[kind];
  std::uint32_t number = 0;
  // Texts in other encodings would be other people.
  const bool fits =
      key && (key->type != audit::SubjectKey::Type::text || source_.utf8 || parser::is_ascii(bytes));
  if (fits && of.id >= 0) number = directory_->number(of.id, *key);
  if (number == 0) {
    of.unknown = true;
  } else {
    of.numbers.add(number);
  }
}

// A key that the statement asks for.
void SubjectTrace::add_given(const Disclosure::Subject& subject) {
  std::string given;
  if (subject.from == From::constant) {
    given = source_.constants[subject.index];
  } else {
    const auto* bound = source_.bound;
    const bool known = bound != nullptr && subject.index >= 1 && subject.index <= bound->parameters.size() &&
                       bound->parameters[subject.index - 1].known;
    if (!known) {
      kinds_[subject.kind].unknown = true;
      return;
    }
    const BoundValues::Value& value = bound->parameters[subject.index - 1];
    if (value.binary) {
      const bool whole_number = parser::is_integer_type(subject.type);
      if (whole_number && value.type != 0 && !parser::is_integer_type(value.type)) {
        kinds_[subject.kind].unknown = true;
        return;
      }
      const std::uint32_t type = !whole_number             ? subject.type
                                 : value.bytes.size() == 2 ? parser::smallint_oid
                                 : value.bytes.size() == 4 ? parser::integer_oid
                                                           : parser::bigint_oid;
      return add(subject.kind, audit::key_of_binary(type, value.bytes, scratch_), value.bytes);
    }
    given = value.bytes;
  }
  const std::string printed = enforce::printed_key(subject.type, given);
  add(subject.kind, audit::key_of_text(printed, scratch_), printed);
}

SubjectTrace::Result SubjectTrace::finish(std::uint64_t rows) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const bool read = !entries_[i].keys.empty() || !entries_[i].nulls.empty();
    for (const Disclosure::Subject& subject : disclosure_->entries[i].subjects) {
      const bool given = subject.from == From::parameter || subject.from == From::constant;
      if (given && rows > 0 && (entries_[i].shown || !read || lost_rows_)) add_given(subject);
      if (subject.from == From::column && lost_rows_) kinds_[subject.kind].unknown = true;
    }
  }
  if (directory_ != nullptr && rows > 0) {
    for (std::uint32_t kind : disclosure_->others) kinds_[kind].unknown = true;
  }
  subjects_.clear();
  unknown_.clear();
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    Kind& kind = kinds_[i];
    if (kind.unknown && rows > 0) unknown_.push_back(disclosure_->kinds[i]);
    if (kind.numbers.empty()) continue;
    kind.bitmap.clear();
    kind.numbers.serialize(kind.bitmap);
    subjects_.push_back({disclosure_->kinds[i], kind.bitmap});
  }
  Result result{subjects_, unknown_, {}};
  if (disclosure_->counts_cells && !lost_rows_)
    result.cells_masked = rows * disclosure_->masked_cells + masked_nulls_;
  return result;
}

}  // namespace pgconsent::session
