"""How dates are written, where Django's own way isn't ours. Named in settings.FORMAT_MODULE_PATH."""
