// What a page is made from: the request, who asks, their connection, the running proxy. Private to this
// folder.
#pragma once

#include <stdexcept>
#include <string>

#include "proxy/admin/pages/database.h"
#include "proxy/admin/pages/html.h"
#include "proxy/admin/pages/http.h"
#include "proxy/admin/pages/sources.h"
#include "proxy/admin/pages/time_text.h"

namespace pgconsent::pages {

using namespace literals;

// A question to the audit database failed: caught where pages are called, never leaves this library.
struct QueryFailed : std::runtime_error {
  explicit QueryFailed(Problem problem) : std::runtime_error(problem.text), problem(std::move(problem)) {}
  Problem problem;
};

struct Context {
  const Request& request;
  const std::string& user;
  const std::string& csrf;
  Connection& database;
  const Sources& sources;
  Time now;

  Rows query(const std::string& sql, const Values& values = {}) const {
    Problem problem;
    auto rows = database.query(sql, values, problem);
    if (!rows) throw QueryFailed(std::move(problem));
    return *std::move(rows);
  }
};

// The main part of a page; layout.h puts the frame around it.
struct Page {
  std::string title;
  std::string section;  // the entry of the navigation that it belongs to
  Html body;
  int status = 200;
  std::string location;  // not empty: the page is there, and this is not shown
};

Page overview_page(const Context& context);
Page statements_page(const Context& context);
Page statement_page(const Context& context, std::string_view id);
Page subjects_page(const Context& context);
Page rules_page(const Context& context);
Page integrity_page(const Context& context);
Page verify_page(const Context& context);

}  // namespace pgconsent::pages
