"""What every room's part of the brand's admin is made with: registry, base classes, filters, paging, export, HTML.

The site itself stands in config/admin.py. A room registers with `@brand_admin(Model)` in its admin module; rooms that
stand higher add panels and columns to lower rooms' pages through registries such as members.panels.
"""
