from .niah import generate_niah as generate_niah
