// Names (of statements or portals) and what they mean, as the server will see them: changes take effect when
// the server confirms the message that makes them, and never when it skips it after an error. New messages
// see the pending ones.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pgconsent::session {

// `Value` is a pointer-like type; null means that the name is gone or unknown.
template <typename Value>
class NameTable {
 public:
  // A change that a message just sent will make. Messages are confirmed in the order in which they were sent.
  void change(std::string_view name, Value value) { pending_.emplace_back(name, std::move(value)); }
  void confirm() {
    if (first_ == pending_.size()) return;
    auto& [name, value] = pending_[first_];
    set(name, std::move(value));
    discard();
  }
  void discard() {
    if (first_ == pending_.size()) return;
    pending_[first_] = {};
    if (++first_ == pending_.size()) {
      pending_.clear();
      first_ = 0;
      if (pending_.capacity() > 16) pending_.shrink_to_fit();
    } else if (first_ >= 64 && first_ * 2 > pending_.size()) {
      pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

  Value find(std::string_view name) const {
    for (std::size_t i = pending_.size(); i > first_; --i) {
      if (pending_[i - 1].first == name) return pending_[i - 1].second;
    }
    if (name.empty()) return unnamed_;
    const auto at = named_.find(name);
    return at == named_.end() ? Value{} : at->second;
  }

  // Confirmed by other means (SQL). Null erases.
  void set(std::string_view name, Value value) {
    if (name.empty()) {
      unnamed_ = std::move(value);
    } else if (value) {
      named_.insert_or_assign(std::string(name), std::move(value));
    } else if (const auto at = named_.find(name); at != named_.end()) {
      named_.erase(at);
    }
  }
  void clear() {
    unnamed_ = {};
    clear_named();
  }
  template <typename Predicate>
  void clear_if(Predicate goes) {
    unnamed_ = {};
    std::erase_if(named_, [&](const auto& each) { return goes(each.second); });
  }
  void clear_named() {
    if (!named_.empty()) named_ = {};
  }
  std::size_t size() const { return named_.size() + (pending_.size() - first_); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  Value unnamed_{};
  std::unordered_map<std::string, Value, Hash, std::equal_to<>> named_;
  std::vector<std::pair<std::string, Value>> pending_;
  std::size_t first_ = 0;  // of the pending ones
};

}  // namespace pgconsent::session
