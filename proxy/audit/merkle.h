// The Merkle tree over the lines of a segment, as in RFC 6962, section 2.1: a leaf is SHA-256(0x00 || line
// hash, 32 bytes), a node SHA-256(0x01 || left || right). Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit/chain.h"

namespace pgconsent::audit {

class MerkleTree {
 public:
  // The line's `hash`, 64 hex digits.
  void add(std::string_view line_hash);
  // Lower-case hex; empty when there is no leaf or OpenSSL failed.
  std::string root();
  void clear() { subtrees_.clear(), failed_ = false; }

 private:
  struct Subtree {
    Digest digest;
    unsigned height = 0;
  };
  bool join();

  Hasher hasher_;
  std::vector<Subtree> subtrees_;  // of complete trees, from left to right, each lower than the one before
  bool failed_ = false;
};

}  // namespace pgconsent::audit
