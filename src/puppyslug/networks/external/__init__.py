"""Networks from outside: timm, torchvision, other packages, any ``nn.Module``."""
