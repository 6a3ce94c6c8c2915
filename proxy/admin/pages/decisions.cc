#include "proxy/admin/pages/decisions.h"

namespace pgconsent::pages {

using namespace literals;

std::size_t decision_index(std::string_view name) {
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (name == decisions[i].name) return i;
  }
  return number_of_decisions;
}

std::string_view decision_label(std::string_view name) {
  const std::size_t index = decision_index(name);
  return index < number_of_decisions ? std::string_view(decisions[index].label) : name;
}

Html decision_tag(std::string_view name) {
  Html html;
  const std::size_t index = decision_index(name);
  html << "<span class=\"tag "_m << (index < number_of_decisions ? decisions[index].name : "unknown")
       << "\">"_m << decision_label(name) << "</span>"_m;
  return html;
}

}  // namespace pgconsent::pages
