// The cells of a row that the trace wants: of a DataRow, of COPY's text, CSV and binary formats. Empty: more
// bytes are needed; false: they make no sense.
#include "proxy/session/subject_trace.h"
#include "proxy/wire/cursor.h"

namespace pgconsent::session {

using enforce::Disclosure;

// Of a DataRow, or a tuple of COPY BINARY: a count, then cells with their lengths.
std::optional<bool> SubjectTrace::read_cells(std::string_view body, bool whole) {
  if (body.size() < 2) return whole ? std::optional(false) : std::nullopt;
  const std::uint32_t count = wire::load_u16(body.data());
  std::size_t at = 2;
  std::uint32_t column = 0;
  for (Wanted& wanted : wanted_) {
    if (wanted.column >= count) return false;
    for (;; ++column) {
      if (body.size() - at < 4) return whole ? std::optional(false) : std::nullopt;
      const auto size = static_cast<std::int32_t>(wire::load_u32(body.data() + at));
      const std::size_t length = size < 0 ? 0 : static_cast<std::size_t>(size);
      if (column < wanted.column) {
        at += 4 + length;
        if (at > body.size()) return whole ? std::optional(false) : std::nullopt;
        continue;
      }
      if (body.size() - at - 4 < length) return whole ? std::optional(false) : std::nullopt;
      wanted.value.reset();
      if (size >= 0) wanted.value = body.substr(at + 4, length);
      break;
    }
  }
  return true;
}

std::optional<bool> SubjectTrace::read_text(std::string_view body, bool whole) {
  std::size_t at = 0;
  std::uint32_t column = 0;
  for (Wanted& wanted : wanted_) {
    for (;; ++column) {
      std::size_t end = at;
      while (end < body.size() && body[end] != '\t' && body[end] != '\n') ++end;
      if (end == body.size() && !whole) return std::nullopt;
      if (column == wanted.column) {
        wanted.value.reset();
        if (const auto cell = body.substr(at, end - at); cell != "\\N") wanted.value = cell;
        break;
      }
      if (end >= body.size() || body[end] == '\n') return false;
      at = end + 1;
    }
  }
  return true;
}

// Quoted or not, up to the comma; NULL is nothing without quotes.
std::optional<bool> SubjectTrace::read_csv(std::string_view body, bool whole) {
  std::size_t at = 0;
  std::uint32_t column = 0;
  for (Wanted& wanted : wanted_) {
    for (;; ++column) {
      std::size_t end = at;
      bool quoted = false, inside = false;
      for (; end < body.size() && (inside || (body[end] != ',' && body[end] != '\n')); ++end) {
        if (body[end] != '"') continue;
        inside = !inside;
        quoted = true;
      }
      if (end == body.size() && (!whole || inside)) return whole ? std::optional(false) : std::nullopt;
      if (column == wanted.column) {
        wanted.value.reset();
        const auto cell = body.substr(at, end - at);
        if (quoted && cell.size() >= 2) wanted.value = cell.substr(1, cell.size() - 2);
        if (!quoted && !cell.empty()) wanted.value = cell;
        break;
      }
      if (end == body.size() || body[end] == '\n') return false;
      at = end + 1;
    }
  }
  return true;
}

// The value of a cell: without backslashes, or doubled quotes.
std::string_view SubjectTrace::plain(std::string_view cell) {
  const bool csv = disclosure_->copy == Disclosure::Copy::csv;
  if (!csv && disclosure_->copy != Disclosure::Copy::text) return cell;
  const char escape = csv ? '"' : '\\';
  if (cell.find(escape) == std::string_view::npos) return cell;
  unescaped_.clear();
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] == escape && i + 1 < cell.size()) {
      constexpr std::string_view letters = "bfnrtv", meanings = "\b\f\n\r\t\v";
      const auto at = csv ? std::string_view::npos : letters.find(cell[i + 1]);
      unescaped_.push_back(at == std::string_view::npos ? cell[i + 1] : meanings[at]);
      ++i;
    } else {
      unescaped_.push_back(cell[i]);
    }
  }
  return unescaped_;
}

// One message is one row; the headers come first.
std::optional<bool> SubjectTrace::read_copy(std::string_view body, bool whole) {
  constexpr std::string_view signature{"PGCOPY\n\377\r\n\0", 11};
  switch (disclosure_->copy) {
    case Disclosure::Copy::text:
    case Disclosure::Copy::csv: {
      if (header_) {
        if (!whole) return std::nullopt;
        header_ = false;
        return skips_ = true;
      }
      const bool text = disclosure_->copy == Disclosure::Copy::text;
      return text ? read_text(body, whole) : read_csv(body, whole);
    }
    case Disclosure::Copy::binary: {
      if (body.starts_with(signature)) {
        if (!whole) return std::nullopt;
        if (body.size() < 19) return false;
        const std::size_t skip = 19 + std::size_t{wire::load_u32(body.data() + 15)};
        if (skip > body.size()) return false;
        body.remove_prefix(skip);
      }
      const bool trailer = body.size() == 2 && wire::load_u16(body.data()) == 0xffff;
      if (body.empty() || trailer) return skips_ = true;
      return read_cells(body, whole);
    }
    case Disclosure::Copy::none:
    case Disclosure::Copy::other:
      return false;
  }
  return false;
}

}  // namespace pgconsent::session
