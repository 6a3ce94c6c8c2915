// What is filtered, as a file: RFC 4180, all of it, in pieces.
#pragma once

#include <functional>

#include "proxy/admin/pages/context.h"
#include "proxy/admin/pages/sessions.h"

namespace pgconsent::pages {

// One field with its quotes. What a spreadsheet would take for a formula gets an apostrophe in front.
void append_csv(std::string& out, std::string_view field);

// `run` puts work on the session's connection; false: it can't.
using Runner = std::function<bool(Session::Job)>;
Reply csv_reply(const Context& context, Runner run);

}  // namespace pgconsent::pages
