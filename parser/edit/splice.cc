#include "parser/edit/splice.h"

#include <algorithm>
#include <iterator>

namespace pgconsent::parser {

void Splicer::replace(std::int32_t start, std::int32_t end, std::string text) {
  pieces_.push_back({start, end, std::move(text)});
}

void Splicer::append(Splicer other) {
  pieces_.insert(pieces_.end(), std::make_move_iterator(other.pieces_.begin()),
                 std::make_move_iterator(other.pieces_.end()));
}

bool Splicer::apply(const std::string& original, SplicedText& out) {
  // What is inserted where a replaced range begins comes before it.
  std::stable_sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) {
    return a.start != b.start ? a.start < b.start : a.end == a.start && b.end > b.start;
  });
  std::size_t size = original.size();
  for (const Piece& piece : pieces_) size += piece.text.size();
  out.text.reserve(size);
  std::int32_t copied = 0;
  for (const Piece& piece : pieces_) {
    if (piece.start < copied || piece.end < piece.start ||
        piece.end > static_cast<std::int32_t>(original.size())) {
      return false;
    }
    out.text.append(original, copied, piece.start - copied);
    const auto at = static_cast<std::int32_t>(out.text.size());
    out.text += piece.text;
    out.generated.push_back({at, static_cast<std::int32_t>(out.text.size())});
    out.edits.push_back({piece.start, piece.end, static_cast<std::int32_t>(piece.text.size())});
    copied = piece.end;
  }
  out.text.append(original, copied);
  return true;
}

}  // namespace pgconsent::parser
