"""How strong something that nobody recorded would have to be to overturn an answer."""
