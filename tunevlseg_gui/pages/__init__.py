"""Pages: each draws one part of the work and knows no other page; the main window passes things between them."""
