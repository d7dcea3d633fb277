from .application import Application as Application
