// A list whose copies share its items until one of them is changed: plans of one template, which differ in
// constants only, share their statements. Not thread-safe: a list and its copies belong to one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace pgconsent::enforce {

template <typename Item>
class SharedList {
 public:
  using value_type = Item;

  bool empty() const { return size() == 0; }
  std::size_t size() const { return items_ == nullptr ? 0 : items_->size(); }
  const Item* begin() const { return items_ == nullptr ? nullptr : items_->data(); }
  const Item* end() const { return begin() + size(); }
  const Item& operator[](std::size_t index) const { return (*items_)[index]; }
  const Item& front() const { return items_->front(); }

  // For who makes the plan: what is shared is copied first.
  std::vector<Item>& change() {
    if (items_ == nullptr) items_ = std::make_shared<std::vector<Item>>();
    if (items_.use_count() > 1) items_ = std::make_shared<std::vector<Item>>(*items_);
    return *items_;
  }
  Item& add(Item item = {}) { return change().emplace_back(std::move(item)); }

 private:
  std::shared_ptr<std::vector<Item>> items_;
};

}  // namespace pgconsent::enforce
