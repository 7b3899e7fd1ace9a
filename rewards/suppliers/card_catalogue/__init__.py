"""A catalogue of gift cards and vouchers over plain JSON; the service's side is written down in docs/suppliers.md."""
