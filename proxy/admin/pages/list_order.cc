#include "proxy/admin/pages/list_order.h"

#include <algorithm>

namespace pgconsent::pages {

namespace {

bool is_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  return !digits.empty() && digits.size() <= 18 &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// As PostgreSQL writes it: 2026-11-27 10:30:05.123456+00
bool is_timestamp(std::string_view text) {
  if (text.size() > 32 || !text.ends_with("+00")) return false;
  text.remove_suffix(3);
  const std::size_t point = text.find('.');
  if (point != text.npos && !is_number(text.substr(point + 1))) return false;
  return parse_time(text.substr(0, point)).has_value();
}

}  // namespace

void ListOrder::add_to(Parameters& parameters) const {
  if (key != &sort_keys[0]) parameters.add("sort", key->name);
  if (ascending) parameters.add("direction", "ascending");
}

ListOrder parse_order(const Parameters& parameters) {
  ListOrder order;
  for (const SortKey& key : sort_keys) {
    if (parameters.get("sort") == key.name) order.key = &key;
  }
  order.ascending = parameters.get("direction") == "ascending";
  order.backwards = parameters.get("after").empty() && !parameters.get("before").empty();
  const std::string_view text = parameters.get(order.backwards ? "before" : "after");
  const std::size_t split = text.rfind('~');
  if (split == text.npos) {
    order.backwards = false;
    return order;
  }
  const std::string_view value = text.substr(0, split), id = text.substr(split + 1);
  const bool good = is_number(id) && (order.key == &sort_keys[0] ? is_timestamp(value) : is_number(value));
  if (!good) {
    order.backwards = false;
    return order;
  }
  order.mark_value = value;
  order.mark_id = id;
  return order;
}

bool by_search(const Filter& filter, const ListOrder& order) {
  Values ignored;
  return order.is_default() && !order.backwards && !search_call(filter, "", "", 1, ignored).empty();
}

Question list_query(std::string_view select_list, const Filter& filter, const ListOrder& order,
                    const std::optional<std::string>& shapes, int most) {
  const std::string select = "SELECT " + std::string(select_list) + " FROM ";
  if (by_search(filter, order)) {
    Question question;
    question.sql =
        select + search_call(filter, order.mark_value, order.mark_id, most, question.values) + " s";
    return question;
  }
  Where condition = where(filter, shapes);
  const bool up = order.ascending != order.backwards;
  if (!order.mark_id.empty()) {
    const std::string value = condition.place(order.mark_value), id = condition.place(order.mark_id);
    condition.join("(" + std::string(order.key->sql) + ", s.id) " + (up ? ">" : "<") + " (" + value +
                   "::" + order.key->type + ", " + id + "::bigint)");
  }
  const std::string direction = up ? " ASC" : " DESC";
  return {select + "pgconsent_audit.statement_log s" + condition.sql + " ORDER BY " + order.key->sql +
              direction + ", s.id" + direction + " LIMIT " + std::to_string(most),
          std::move(condition.values)};
}

std::optional<Rows> find_list(Connection& connection, std::string_view select_list, const Filter& filter,
                              const ListOrder& order, int most, Problem& problem) {
  std::optional<std::string> shapes;
  if (const Question which = shapes_question(filter); !which.sql.empty() && !by_search(filter, order)) {
    const auto answer = connection.query(which.sql, which.values, problem);
    if (!answer) return std::nullopt;
    shapes = answer->is_null(0, 0) ? "{}" : answer->text(0, 0);
  }
  const Question list = list_query(select_list, filter, order, shapes, most);
  return connection.query(list.sql, list.values, problem);
}

std::string mark(std::string_view value, std::string_view id) {
  return std::string(value) + "~" + std::string(id);
}

}  // namespace pgconsent::pages
