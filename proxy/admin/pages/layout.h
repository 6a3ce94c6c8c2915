// The frame of every page: head, skip link, navigation, landmarks.
#pragma once

#include "proxy/admin/pages/context.h"

namespace pgconsent::pages {

struct Viewer {
  std::string user, csrf;
};
// `viewer` null: nobody is signed in.
Reply in_frame(const Page& page, const Viewer* viewer);
// A message in place of a page.
Page message_page(int status, std::string title, std::string_view text);
Page sign_in_page(std::string_view csrf, std::string_view user, std::string_view problem,
                  std::string_view next, bool secure);

Reply redirect(std::string location);

}  // namespace pgconsent::pages
