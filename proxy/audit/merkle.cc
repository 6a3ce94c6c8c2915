#include "proxy/audit/merkle.h"

namespace pgconsent::audit {

namespace {

std::string_view bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

bool parse_hex(std::string_view hex, Digest& out) {
  auto nibble = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (hex.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return true;
}

}  // namespace

void MerkleTree::add(std::string_view line_hash) {
  Digest line;
  Subtree leaf;
  if (!parse_hex(line_hash, line) || !hasher_.digest({std::string_view("\0", 1), bytes(line)}, leaf.digest)) {
    failed_ = true;
    return;
  }
  subtrees_.push_back(leaf);
  while (subtrees_.size() > 1 && subtrees_.back().height == subtrees_[subtrees_.size() - 2].height) {
    if (!join()) return;
  }
}

// The last two become one.
bool MerkleTree::join() {
  const Subtree right = subtrees_.back();
  subtrees_.pop_back();
  Subtree& left = subtrees_.back();
  Digest node;
  if (!hasher_.digest({std::string_view("\1", 1), bytes(left.digest), bytes(right.digest)}, node)) {
    failed_ = true;
    return false;
  }
  left.digest = node;
  ++left.height;
  return true;
}

std::string MerkleTree::root() {
  const std::vector<Subtree> kept = subtrees_;
  while (subtrees_.size() > 1 && join()) {
  }
  std::string out;
  if (!failed_ && !subtrees_.empty()) out = to_hex(subtrees_.front().digest);
  subtrees_ = kept;
  return out;
}

}  // namespace pgconsent::audit
